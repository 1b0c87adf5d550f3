/**
 * The sparsity that BioRefusalAudit adds to TopK: the mean |pre-activation| over tokens and all features, chosen or
 * not (`train_sae_local.py` of arXiv 2605.30162). Its weight is relative to the mean square of one number of x − x̂,
 * in units in which rows have a mean norm of √d_in. The published weight was relative to the same for raw
 * activations, whose size depends on the model.
 */
import { greater, neg, reduceMean, where } from "../../../graph/ops/ops.ts";
import type { LossTerm } from "./objective.ts";

export const l1 = (weight: number): LossTerm => ({
  name: "l1",
  build: ({ pre }) => reduceMean(where(greater(pre, 0), pre, neg(pre)), [0, 1]),
  at: ({ perSquare }) => ({ weight: weight * perSquare, feeds: {} }),
});
