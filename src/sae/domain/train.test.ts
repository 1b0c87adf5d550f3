/** What a contrastive term does where it is known what it can do: the tiers differ in a direction that the SAE has no reason to keep. */
import { describe, expect, it } from "vitest";
import type { Prompt, Tier } from "../../core/prompt.ts";
import { type Random, random } from "../../core/random.ts";
import { type Rows, rowsOf } from "../rows.ts";
import { siteOf } from "../site.ts";
import { type TrainingPlan, usualOf, usualPlan } from "../training-plan.ts";
import { labelledRows } from "./labelled.ts";
import { type Contrast, contrasts } from "./plan.ts";
import { splitPrompts } from "./split.ts";
import { trainContrasted } from "./train.ts";

const d = 32;
const tokens = 6;
const tiers = ["benign", "hazard_adjacent"] as const;
const plan: TrainingPlan = {
  ...usualPlan,
  ...usualOf.topk,
  objective: "topk",
  d_sae: 48,
  k: 4,
  steps: 400,
  batch: 128,
  seed: "domain",
};
const site = siteOf("blocks.1.hook_resid_post", "planted");

/** Three of forty directions a token, strong; and along one more, weak, the prompt's sign. */
class World {
  private readonly draw: Random;
  private readonly directions: number[][];
  private readonly weak: number[];

  constructor(draw: Random) {
    this.draw = draw;
    const unit = () => {
      const row = Array.from({ length: d }, () => draw.normal());
      const norm = Math.hypot(...row);
      return row.map((value) => value / norm);
    };
    this.directions = Array.from({ length: 40 }, unit);
    this.weak = unit();
  }

  token(sign: number): number[] {
    const x = this.weak.map((value) => 0.6 * sign * value + 0.05 * this.draw.normal());
    for (const direction of this.draw.shuffle(this.directions).slice(0, 3)) {
      const size = 1.5 + this.draw.uniform();
      for (let i = 0; i < d; i++) x[i]! += size * direction[i]!;
    }
    return x;
  }
}

function made(n: number, signOf: (tier: Tier, draw: Random) => number) {
  const draw = random("labelled");
  const world = new World(draw);
  const prompts = Array.from({ length: n }, (_, at) =>
    tiers.map(
      (tier): Prompt => ({
        id: `${at} ${tier}`,
        prompt: `Prompt ${at}, ${tier}.`,
        tier,
        framing: "direct",
        category: "plant",
        pair: `pair ${at}`,
        panel: "main",
        rationale: "",
        expected_surface: null,
      }),
    ),
  ).flat();
  const { trained, heldOut } = splitPrompts(prompts, tiers, "domain", "made");
  const rowsFor = (of: readonly Prompt[]): Rows => {
    const all = of.flatMap(({ tier }) => {
      const sign = signOf(tier, draw);
      return Array.from({ length: tokens }, () => world.token(sign)).flat();
    });
    return rowsOf(Float32Array.from(all), d, "made");
  };
  const side = (of: readonly Prompt[]) =>
    labelledRows(
      rowsFor(of),
      of,
      of.map(() => ({ length: tokens, from: 0 })),
      "mean",
    );
  const text = Array.from({ length: 2000 }, () => world.token(draw.uniform() < 0.5 ? -1 : 1)).flat();
  return {
    rows: rowsOf(Float32Array.from(text), d, "text"),
    sides: { trained: side(trained), heldOut: side(heldOut) },
  };
}

const runOf = async (contrast: Contrast, pairs: number, signOf: (tier: Tier, draw: Random) => number) => {
  const { rows, sides } = made(pairs, signOf);
  return await trainContrasted(
    rows,
    site,
    plan,
    { contrast, weight: 0.3, perTier: 8 },
    sides,
    () => undefined,
    {
      threads: 1,
    },
  );
};

describe("training with a contrastive term", () => {
  it.each(contrasts)("%s draws held-out prompts apart where their tiers differ", async (contrast) => {
    const { verdict, trained } = await runOf(contrast, 45, (tier) => (tier === "benign" ? -1 : 1));
    expect(verdict.finding.status).toBe("found");
    expect(verdict.with.separation).toBeGreaterThan(verdict.without.separation + 0.1);
    expect(trained.curve.at(-1)!.terms!["contrastive"]).toBeLessThan(
      trained.curve[0]!.terms!["contrastive"]!,
    );
  });

  it.each(contrasts)("%s does nothing that shows where the tiers are dealt at random", async (contrast) => {
    const { verdict, trained } = await runOf(contrast, 180, (_, draw) => (draw.uniform() < 0.5 ? -1 : 1));
    expect(verdict.finding.status).toBe("not found");
    expect(verdict.finding.sentence).toMatch(/did nothing/);
    // It was obeyed all the same, and paid for.
    expect(verdict.with.unexplained).toBeGreaterThan(verdict.without.unexplained);
    expect(trained.curve.at(-1)!.terms!["contrastive"]).toBeLessThan(
      trained.curve[0]!.terms!["contrastive"]!,
    );
  });
});
