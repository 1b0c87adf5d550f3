/**
 * Losses that push prompts of different tiers apart in an SAE's features, as parts of a graph with derived gradients.
 *
 * - mean-cosine: cos of the tiers' mean features, as BioRefusalAudit trains (arXiv 2605.30162; cos(mean z_hazard,
 *   mean z_benign)). Features are not negative, so the loss is at least 0, and 0 means as far apart as tiers can be.
 * - nt-xent: the pairwise cross-entropy of SimCLR (Chen et al., arXiv 2002.05709) with every prompt of the same tier as a
 *   positive (Khosla et al., arXiv 2004.11362, eq. 2): −log softmax over the other prompts of cos/temperature.
 * - triplet: FaceNet's hinge (Schroff et al., arXiv 1503.03832, eq. 3) on unit vectors, over all triplets of the batch
 *   (Hermans et al., arXiv 1703.07737): max(0, ‖a − p‖² − ‖a − n‖² + margin).
 *
 * A prompt or tier without an active feature has no direction. Its cosines are 0, and no gradient passes back through them.
 */
import { badInput } from "../../core/errors.ts";
import type { Value } from "../../graph/build/graph.ts";
import {
  add,
  div,
  greater,
  logSoftmax,
  matmul,
  mul,
  neg,
  reduceSum,
  relu,
  sqrt,
  sub,
  unsqueeze,
  where,
} from "../../graph/ops/ops.ts";
import type { Contrast } from "./plan.ts";

/** The value that Khosla et al. use in training. */
const temperature = 0.1;
/** FaceNet's value, for squared distances between unit vectors. */
const margin = 0.2;

/** Smaller than any cosine divided by the temperature. */
const never = -1e30;

/**
 * @param pooled features [P, d_sae], one row per prompt
 * @param tiers [P], the tier of each prompt
 * @returns the loss [], in units of cosine (nt-xent: nats)
 * @throws FathomError for fewer than two tiers; nt-xent and triplet need two prompts in one of them
 */
export function contrastiveLoss(contrast: Contrast, pooled: Value, tiers: readonly string[]): Value {
  if (pooled.dims[0] !== tiers.length)
    throw new RangeError(`contrastiveLoss: ${tiers.length} tiers of ${pooled.dims[0]} prompts`);
  checkTiers(contrast, tiers);
  return losses[contrast](pooled, tiers);
}

/** @throws FathomError if the loss is not defined for these tiers of a batch */
export function checkTiers(contrast: Contrast, tiers: readonly string[]): void {
  const kinds = new Set(tiers).size;
  if (kinds < 2) throw badInput(contrast, "prompts of two tiers at least", `${kinds}`);
  if (contrast !== "mean-cosine" && kinds === tiers.length)
    throw badInput(contrast, "two prompts in one of the tiers at least", "one in each");
}

const losses: Readonly<Record<Contrast, (pooled: Value, tiers: readonly string[]) => Value>> = {
  "mean-cosine": meanCosine,
  "nt-xent": ntXent,
  triplet,
};

/** Mean over the pairs of tiers. */
function meanCosine(pooled: Value, tiers: readonly string[]): Value {
  const names = [...new Set(tiers)];
  const shares = names.map((name) => 1 / tiers.filter((tier) => tier === name).length);
  const averaging = table(pooled, names.length, tiers.length, (row, column) =>
    tiers[column] === names[row] ? shares[row]! : 0,
  );
  const pairs = (names.length * (names.length - 1)) / 2;
  const each = table(pooled, names.length, names.length, (a, b) => (a < b ? 1 / pairs : 0));
  return reduceSum(mul(cosines(matmul(averaging, pooled)), each), [0, 1]);
}

/** Mean over the prompts that have another prompt of their tier. */
function ntXent(pooled: Value, tiers: readonly string[]): Value {
  const { same } = partners(tiers);
  const positives = tiers.map((_, anchor) => tiers.filter((_, other) => same(anchor, other)).length);
  const anchors = positives.filter((number) => number > 0).length;
  const self = table(pooled, tiers.length, tiers.length, (a, b) => (a === b ? never : 0));
  const weights = table(pooled, tiers.length, tiers.length, (a, b) =>
    same(a, b) ? 1 / (positives[a]! * anchors) : 0,
  );
  const likelihood = logSoftmax(add(div(cosines(pooled), temperature), self), 1);
  return neg(reduceSum(mul(likelihood, weights), [0, 1]));
}

/** Mean over all triplets of an anchor, another prompt of its tier, and a prompt of another tier. */
function triplet(pooled: Value, tiers: readonly string[]): Value {
  const { same, apart } = partners(tiers);
  const [n, cosine] = [tiers.length, cosines(pooled)];
  const mask = (of: (a: number, b: number) => boolean) => table(pooled, n, n, (a, b) => (of(a, b) ? 1 : 0));
  const count = tiers.reduce((sum, tier, anchor) => {
    const kin = tiers.filter((_, other) => same(anchor, other)).length;
    return sum + kin * tiers.filter((other) => other !== tier).length;
  }, 0);
  // For unit vectors ‖a − b‖² = 2 − 2·cos. Axes: anchor, positive, negative.
  const closer = sub(unsqueeze(cosine, [1]), unsqueeze(cosine, [2]));
  const hinge = relu(add(mul(closer, 2), margin));
  const valid = mul(unsqueeze(mask(same), [2]), unsqueeze(mask(apart), [1]));
  return div(reduceSum(mul(hinge, valid), [0, 1, 2]), count);
}

function partners(tiers: readonly string[]) {
  return {
    same: (a: number, b: number) => a !== b && tiers[a] === tiers[b],
    apart: (a: number, b: number) => tiers[a] !== tiers[b],
  };
}

/** The cosine of every row with every row: [n, d] → [n, n]. */
function cosines(rows: Value): Value {
  const squares = reduceSum(mul(rows, rows), [-1], true);
  const some = greater(squares, 0);
  // The gradient of the square root at 0 is infinite, so the root of 0 is never taken.
  const unit = where(some, div(rows, sqrt(where(some, squares, 1))), 0);
  return matmul(unit, unit, { transB: true });
}

function table(like: Value, rows: number, columns: number, at: (row: number, column: number) => number) {
  const cells = Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
  return like.graph.constant(cells, like.dtype, [rows, columns]);
}
