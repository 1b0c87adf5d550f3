/** The verdict on a contrastive term for synthetic data, where it is known what the term can do. */
import { describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { mean } from "../../stats/summary.ts";
import { rowsOf } from "../code/rows.ts";
import { siteOf } from "../code/site.ts";
import { type TrainingPlan, usualOf, usualPlan } from "../training/state/training-plan.ts";
import { labelledRows } from "./labelled.ts";
import { type Contrast, contrasts } from "./plan.ts";
import { splitPrompts } from "./split.ts";
import { arms, type SeedRows, trainContrasted } from "./train.ts";

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

interface World {
  /** The tokens of one prompt of a tier. */
  prompt: (tier: Tier) => number[][];
  /** A token of any text. */
  text: () => number[];
}

/** The random helpers that the worlds use. */
function drawing() {
  const draw = random("labelled");
  const unit = () => {
    const row = Array.from({ length: d }, () => draw.normal());
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  };
  const noise = () => Array.from({ length: d }, () => 0.05 * draw.normal());
  const put = (x: number[], direction: readonly number[], size: number) => {
    for (let i = 0; i < d; i++) x[i]! += size * direction[i]!;
  };
  return { draw, unit, noise, put, either: () => (draw.uniform() < 0.5 ? -1 : 1) };
}

/**
 * Each token has three strong directions of forty, and a weak sign along one more direction. The SAE has no reason to
 * keep the sign.
 * @param told whether the sign depends on the tier or is random
 */
function weakSign(told: boolean): World {
  const { draw, unit, noise, put, either } = drawing();
  const directions = Array.from({ length: 40 }, unit);
  const weak = unit();
  const token = (sign: number) => {
    const x = noise();
    put(x, weak, 0.6 * sign);
    for (const direction of draw.shuffle(directions).slice(0, 3)) put(x, direction, 1.5 + draw.uniform());
    return x;
  };
  return {
    prompt: (tier) => {
      const sign = told ? (tier === "benign" ? -1 : 1) : either();
      return Array.from({ length: tokens }, () => token(sign));
    },
    text: () => token(either()),
  };
}

/** Each tier has a direction that the SAE keeps. All prompts share another direction, so strong that it hides those. */
function hidden(): World {
  const { draw, unit, noise, put } = drawing();
  const [shared, own] = [unit(), [unit(), unit()]];
  const token = (tier: number) => {
    const x = noise();
    put(x, shared, 6 * (1 + 0.2 * draw.normal()));
    put(x, own[tier]!, 2.5);
    return x;
  };
  return {
    prompt: (tier) => Array.from({ length: tokens }, () => token(tier === "benign" ? 0 : 1)),
    text: () => (draw.uniform() < 0.3 ? token(draw.integer(2)) : noise()),
  };
}

function madeOf(pairs: number, { prompt, text }: World) {
  const prompts = Array.from({ length: pairs }, (_, at) =>
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
  const written = new Map(prompts.map(({ id, tier }) => [id, prompt(tier).flat()]));
  const side = (of: readonly Prompt[]) =>
    labelledRows(
      rowsOf(Float32Array.from(of.flatMap(({ id }) => written.get(id)!)), d, "made"),
      of,
      of.map(() => ({ length: tokens, from: 0 })),
      "mean",
    );
  const rows = rowsOf(Float32Array.from(Array.from({ length: 2000 }, text).flat()), d, "text");
  return (seed: string): SeedRows => {
    const { trained, heldOut } = splitPrompts(prompts, tiers, seed, "made");
    return { seed, rows, sides: { trained: side(trained), heldOut: side(heldOut) } };
  };
}

const runOf = async (
  contrast: Contrast,
  seeds: readonly SeedRows[],
  followed = plan,
  onStep: OnStep = () => undefined,
) =>
  await trainContrasted(
    {
      seeds,
      site,
      plan: followed,
      contrast: { contrast, weight: 0.3, perTier: 8 },
      randomTiers: true,
      from: null,
    },
    onStep,
    { threads: 1 },
  );
type OnStep = Parameters<typeof trainContrasted>[1];

/** Whether the term fell during training. It is averaged over steps, because a single step is too noisy. */
const fell = ({ trained: { curve } }: Awaited<ReturnType<typeof runOf>>) => {
  const terms = curve.map((point) => point.terms!["contrastive"]!);
  return mean(terms.slice(-50)) < mean(terms.slice(0, 50));
};

describe("training with a contrastive term", () => {
  const helped = madeOf(45, weakSign(true));

  it.each(contrasts)("%s moves held-out prompts apart if their tiers differ", async (contrast) => {
    const run = await runOf(contrast, [helped("domain")]);
    const { finding, over_random, seeds } = run.verdict;
    expect(finding.status).toBe("found");
    const [figures] = seeds;
    expect(figures!.with.separation).toBeGreaterThan(figures!.without.separation + 0.1);
    expect(over_random!.interval![0]).toBeGreaterThan(0.1);
    expect(fell(run)).toBe(true);
  });

  it.each(contrasts)("%s has no visible effect if features do not depend on the tiers", async (contrast) => {
    const run = await runOf(contrast, [madeOf(180, weakSign(false))("domain")]);
    const { finding, seeds } = run.verdict;
    expect(finding.status).toBe("not found");
    expect(finding.sentence).toMatch(/did nothing/);
    // The term still fell in training, at a cost in reconstruction.
    const [figures] = seeds;
    expect(figures!.with.unexplained).toBeGreaterThan(figures!.without.unexplained);
    expect(fell(run)).toBe(true);
  });

  it("is not found if random tiers do the same: the shared direction shrinks and uncovers the others", async () => {
    const { finding, over_random, seeds } = (await runOf("mean-cosine", [madeOf(45, hidden())("domain")]))
      .verdict;
    expect(finding.interval![0]).toBeGreaterThan(0.3);
    expect(seeds[0]!.random!.separation).toBeGreaterThan(seeds[0]!.without.separation + 0.3);
    expect(over_random!.interval![1]).toBeLessThan(0.05);
    expect(finding.status).toBe("not found");
    expect(finding.sentence).toMatch(/no further than with tiers assigned at random in training/);
  });

  it("is judged over several seeds, and the SAE is that of the first seed", async () => {
    const told: string[] = [];
    const short = { ...plan, steps: 40 };
    const both = await runOf(
      "mean-cosine",
      [helped("domain"), helped("other")],
      short,
      (_, { seed, arm }) => {
        if (told.at(-1) !== `${seed} ${arm}`) told.push(`${seed} ${arm}`);
      },
    );
    expect(told).toEqual(["domain", "other"].flatMap((seed) => arms.map((arm) => `${seed} ${arm}`)));
    const one = await runOf("mean-cosine", [helped("domain")], short);
    expect(both.trained.sae.identity()).toBe(one.trained.sae.identity());
    const [first, second] = both.verdict.seeds;
    expect(first).toEqual(one.verdict.seeds[0]);
    expect(second!.with.separation).not.toBe(first!.with.separation);
    expect(second!.without.separation).not.toBe(first!.without.separation);
  });
});
