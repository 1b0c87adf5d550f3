/**
 * The contrastive term of a training. Each step takes some prompts of every tier, pools their features and pushes the
 * tiers apart.
 */
import { random } from "../../core/random.ts";
import { matmul } from "../../graph/ops/ops.ts";
import { Tensor } from "../../model/ort/ort.ts";
import type { LossTerm } from "../training/objectives/objective.ts";
import { checkTiers, contrastiveLoss } from "./contrastive.ts";
import type { LabelledPrompt, LabelledRows } from "./labelled.ts";
import type { ContrastPlan } from "./plan.ts";

/**
 * @param seed the prompts of a step depend on this seed and on the step only, so a resumed training takes the same prompts
 * @throws FathomError if the loss is not defined for these tiers
 */
export function contrastiveTerm(
  { rows, prompts }: LabelledRows,
  { contrast, weight, perTier }: ContrastPlan,
  seed: string,
): LossTerm {
  const tiers = [...new Set(prompts.map(({ tier }) => tier))];
  const byTier = tiers.map((tier) => prompts.filter((prompt) => prompt.tier === tier));
  const each = Math.min(perTier, ...byTier.map(({ length }) => length));
  const slots = tiers.flatMap((tier) => new Array<string>(each).fill(tier));
  checkTiers(contrast, slots);
  const draw = random(seed).split("domain prompts");
  return {
    name: "contrastive",
    build({ graph, dtype, encode }) {
      const x = graph.input("domain x", dtype, ["N", rows.width]);
      const pooling = graph.input("domain pooling", dtype, [slots.length, "N"]);
      return contrastiveLoss(contrast, matmul(pooling, encode(x)), slots);
    },
    at({ step, scale, perSquare }) {
      const stream = draw.split(step);
      const chosen = byTier.flatMap((of) => stream.shuffle(of).slice(0, each));
      return { weight: weight * perSquare, feeds: feedsOf(rows, chosen, scale) };
    },
  };
}

/**
 * The tokens of the prompts one after the other [N, d_in], and the weights that average over each prompt's tokens [P,
 * N].
 */
function feedsOf(rows: LabelledRows["rows"], chosen: readonly LabelledPrompt[], scale: number) {
  const sizes = chosen.map(({ range: [from, to] }) => to - from);
  const tokens = sizes.reduce((sum, size) => sum + size, 0);
  const x = new Float32Array(tokens * rows.width);
  const pooling = new Float32Array(chosen.length * tokens);
  let at = 0;
  for (const [place, { range }] of chosen.entries()) {
    x.set(rows.read(...range), at * rows.width);
    pooling.fill(1 / sizes[place]!, place * tokens + at, place * tokens + at + sizes[place]!);
    at += sizes[place]!;
  }
  return {
    "domain x": new Tensor(
      "float32",
      x.map((value) => value * scale),
      [tokens, rows.width],
    ),
    "domain pooling": new Tensor("float32", pooling, [chosen.length, tokens]),
  };
}
