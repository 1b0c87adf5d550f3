/**
 * The published loss and its gradients compared with PyTorch (oracle/contrastive_fixtures.py), and the prompts that a
 * step takes.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../test/support/graph.ts";
import { lossOf, numbers } from "../../../test/support/loss.ts";
import { random } from "../../core/random.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { inMemory, norms } from "../code/matrix.ts";
import { type Rows, rowsOf } from "../code/rows.ts";
import { siteOf } from "../code/site.ts";
import { weightOf } from "../training/loss/loss.ts";
import { l1 } from "../training/objectives/l1.ts";
import type { StepState } from "../training/objectives/objective.ts";
import { objectiveOf } from "../training/objectives/objectives.ts";
import { objectiveNames, type TrainingPlan, usualOf, usualPlan } from "../training/state/training-plan.ts";
import { trainSae } from "../training/training.ts";
import type { LabelledRows } from "./labelled.ts";
import { contrastiveTerm } from "./term.ts";

const published = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/contrastive/published.json", import.meta.url), "utf8"),
) as {
  d_in: number;
  d_sae: number;
  k: number;
  batch: number;
  lengths: number[];
  tiers: string[];
  x: number[];
  tokens: number[];
  weights: Record<string, number[]>;
  mse: number;
  l1: number;
  contrastive: number;
  gradients: Record<string, number[]>;
};
const { d_in, d_sae, k, batch, lengths, tiers, weights } = published;

function labelled(): LabelledRows {
  let at = 0;
  const prompts = lengths.map((length, i) => {
    const from = at;
    at += length;
    return { id: String(i), tier: tiers[i] as Tier, cluster: String(i), range: [from, at] as const };
  });
  return { rows: rowsOf(Float32Array.from(published.tokens), d_in), prompts };
}
const sized = {
  ...usualPlan,
  ...usualOf.topk,
  objective: "topk",
  d_sae,
  k,
  steps: 1,
  batch,
  seed: "0",
} as const;
const plan = { contrast: "mean-cosine", weight: 0.1, perTier: 8 } as const;
const now = (step: number, scale = 1): StepState => ({
  step,
  scale,
  perSquare: 3,
  rows: new Int32Array(batch),
  dead: new Float32Array(d_sae),
  deadCount: 0,
});

describe("the published loss", () => {
  const term = contrastiveTerm(labelled(), plan, "0");

  it("is PyTorch's, and so are its gradients", async () => {
    const { feeds } = term.at(now(0));
    // The feeds are float32, for training; here the tokens are needed in float64.
    const order = tokenOrder(feeds["domain x"]!.data as Float32Array);
    const x = order.flatMap((row) => published.tokens.slice(row * d_in, (row + 1) * d_in));
    const { dims, data } = feeds["domain pooling"]!;
    const pooling = Array.from(data as Float32Array, (share) =>
      share === 0 ? 0 : 1 / Math.round(1 / share),
    );
    const objective = objectiveOf(sized, d_in);
    const terms = [l1(0.04), term];
    const { found, gradients } = await lossOf({ d_in, d_sae }, objective, terms, published.x, weights, {
      // Σ‖x − x̂‖²/(B·d_in) is the mean over numbers.
      variance: numbers([], [d_in]),
      "domain x": numbers([order.length, d_in], x),
      "domain pooling": numbers(dims, pooling),
      [weightOf("l1")]: numbers([], [0.04]),
      [weightOf("contrastive")]: numbers([], [0.1]),
    });
    for (const [name, expected] of [
      ["unexplained", published.mse],
      ["l1", published.l1],
      ["contrastive", published.contrastive],
    ] as const)
      expect(found[name]!.data[0], name).toBeCloseTo(expected, 12);
    for (const name of ["W_enc", "b_enc", "W_dec", "b_dec"])
      expect(relativeError(Array.from(gradients[name]!), published.gradients[name]!), name).toBeLessThan(
        1e-11,
      );
  });

  it("has its weight relative to the mean square, whatever the variance of the rows", () => {
    expect(term.at(now(0)).weight).toBeCloseTo(0.3, 12);
    expect(l1(0.04).at(now(0)).weight).toBeCloseTo(0.12, 12);
  });

  it("scales the prompts' tokens as it scales the batch", () => {
    const once = term.at(now(0)).feeds["domain x"]!.data as Float32Array;
    const twice = term.at(now(0, 2)).feeds["domain x"]!.data as Float32Array;
    expect([...twice]).toEqual([...once].map((value) => 2 * value));
  });
});

/** The index of the fixture's token that each row is. */
function tokenOrder(x: Float32Array): number[] {
  const first = Array.from({ length: published.tokens.length / d_in }, (_, at) =>
    Math.fround(published.tokens[at * d_in]!),
  );
  return Array.from({ length: x.length / d_in }, (_, row) => first.indexOf(x[row * d_in]!));
}

it("takes other prompts at every step, the same ones at the same step, as many of each tier", () => {
  const n = 40;
  const prompts = Array.from({ length: n }, (_, at) => ({
    id: String(at),
    tier: at % 4 === 0 ? ("benign" as const) : ("hazard_adjacent" as const),
    cluster: String(at),
    range: [at, at + 1] as const,
  }));
  const rows: Rows = rowsOf(
    Float32Array.from({ length: n }, (_, at) => at),
    1,
  );
  const at = (step: number) => [
    ...(contrastiveTerm({ rows, prompts }, plan, "0").at(now(step)).feeds["domain x"]!.data as Float32Array),
  ];
  expect(at(3)).toEqual(at(3));
  expect(at(4)).not.toEqual(at(3));
  for (const step of [0, 1, 2]) {
    const chosen = at(step);
    expect(new Set(chosen).size).toBe(16);
    expect(chosen.filter((id) => id % 4 === 0).length).toBe(8);
  }
});

it("encodes each prompt alone when a batch shares its features", async () => {
  const term = contrastiveTerm(labelled(), plan, "0");
  // The batch has one row, so it has k·1 features to share. Each of the prompts' tokens still gets its own k.
  const objective = objectiveOf({ ...sized, objective: "batchtopk", batch: 1 }, d_in);
  const { feeds } = term.at(now(0));
  const { found } = await lossOf({ d_in, d_sae }, objective, [term], published.x.slice(0, d_in), weights, {
    variance: numbers([], [d_in]),
    "domain x": numbers(feeds["domain x"]!.dims, feeds["domain x"]!.data as Float32Array),
    "domain pooling": numbers(feeds["domain pooling"]!.dims, feeds["domain pooling"]!.data as Float32Array),
    [weightOf("contrastive")]: numbers([], [0.1]),
  });
  expect(found["contrastive"]!.data[0]).toBeCloseTo(published.contrastive, 6);
});

it.each(objectiveNames)("is a term of %s too", async (objective) => {
  const draw = random("objectives");
  const rows = rowsOf(
    Float32Array.from({ length: 40 * d_in }, () => draw.normal()),
    d_in,
  );
  const of = {
    ...sized,
    ...usualOf[objective],
    objective,
    batch: 16,
    steps: 30,
    sparsity: 0.01,
  } as TrainingPlan;
  const term = contrastiveTerm(labelled(), { ...plan, weight: 1 }, "0");
  const site = siteOf("blocks.1.hook_resid_post", "made");
  const { curve } = await trainSae(rows, site, of, () => undefined, { threads: 1 }, null, [term]);
  const values = curve.map(({ terms }) => terms!["contrastive"]!);
  expect(values.length).toBe(30);
  expect(values.at(-1)).toBeLessThan(values[0]!);
});

it("weight decay shrinks every tensor by rate · decay in addition to Adam's step", async () => {
  const draw = random("decay");
  const rows = rowsOf(
    Float32Array.from({ length: 40 * 8 }, () => draw.normal()),
    8,
  );
  const sizes = { objective: "topk", d_sae: 12, k: 3, steps: 1, batch: 16, seed: "0" } as const;
  const after = async (weightDecay: number) => {
    const of: TrainingPlan = {
      ...usualPlan,
      ...usualOf.topk,
      ...sizes,
      rate: 0.01,
      warmup: 0,
      decay: 0,
      weightDecay,
    };
    const site = siteOf("blocks.1.hook_resid_post", "made");
    return (await trainSae(rows, site, of, () => undefined, { threads: 1 })).sae.W_enc.read();
  };
  const [plain, decayed] = [await after(0), await after(0.5)];
  const lost = inMemory(
    plain.map((value, at) => value - decayed[at]!),
    [8, 12],
  );
  // The encoder starts as the transpose of the decoder, whose rows have norm 1.
  for (const norm of norms(lost, 1)) expect(norm).toBeCloseTo(0.01 * 0.5, 5);
});
