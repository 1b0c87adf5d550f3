/**
 * The auxiliary loss (Gao et al., arXiv 2406.04093, appendix A.2):  Σ‖e − ê‖² / (B·V).  e = x − x̂ is held constant
 * (no gradient passes through it). ê is the reconstruction of e by the dead features, the kAux largest per token. So
 * dead features are pulled towards what the active ones leave unexplained. This is used instead of resampling dead
 * features because it is continuous and needs no second pass.
 */
import { greater, matmul, sub, where } from "../../../graph/ops/ops.ts";
import { Tensor } from "../../../model/ort/ort.ts";
import { topKActivation } from "../../code/graphs.ts";
import { held } from "../../code/held.ts";
import type { Widths } from "../state/weights.ts";
import type { LossTerm } from "./objective.ts";

/** Smaller than any pre-activation of a finite SAE. If fewer than kAux features are dead, ReLU turns it into 0. */
const never = -1e30;

export function auxiliary(auxWeight: number, { d_in, d_sae }: Widths): LossTerm {
  // How many dead features a token may use: half the width, as in the paper's appendix B.1.
  const kAux = Math.min(d_sae, Math.max(1, d_in >> 1));
  return {
    name: "auxiliary",
    build({ graph, dtype, pre, error, W_dec, share }) {
      const dead = greater(graph.input("dead", dtype, [d_sae]), 0);
      const rebuilt = matmul(topKActivation(where(dead, pre, never), kAux), W_dec);
      return share(sub(held(error), rebuilt));
    },
    at: ({ dead, deadCount }) => ({
      // If few features are dead, they should not get the full weight (SAELens and sparsify do the same).
      weight: auxWeight * Math.min(1, deadCount / kAux),
      feeds: { dead: new Tensor("float32", dead, [d_sae]) },
    }),
  };
}
