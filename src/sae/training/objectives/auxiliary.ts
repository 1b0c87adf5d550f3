/**
 * The auxiliary loss (Gao et al., arXiv 2406.04093, appendix A.2):  Σ‖e − ê‖² / (B·V),  where e = x − x̂ is taken as it is
 * (no gradient passes through it) and ê is what the dead features, the kAux largest a token, make of it: they are pulled
 * towards what the living leave unexplained. Rather this than drawing them anew: it is continuous and needs no second pass.
 */
import { greater, matmul, sub, where } from "../../../graph/ops/ops.ts";
import { Tensor } from "../../../model/ort/ort.ts";
import { topKActivation } from "../../code/graphs.ts";
import { held } from "../../code/held.ts";
import type { Widths } from "../state/weights.ts";
import type { LossTerm } from "./objective.ts";

/** Below every pre-activation that a finite SAE makes; ReLU turns it to 0 where fewer than kAux are dead. */
const never = -1e30;

export function auxiliary(auxWeight: number, { d_in, d_sae }: Widths): LossTerm {
  // Dead features that a token may use: half the width, as in the paper's appendix B.1.
  const kAux = Math.min(d_sae, Math.max(1, d_in >> 1));
  return {
    name: "auxiliary",
    build({ graph, dtype, pre, error, W_dec, share }) {
      const dead = greater(graph.input("dead", dtype, [d_sae]), 0);
      const rebuilt = matmul(topKActivation(where(dead, pre, never), kAux), W_dec);
      return share(sub(held(error), rebuilt));
    },
    at: ({ dead, deadCount }) => ({
      // Few dead features should not be driven by the whole of the weight (SAELens and sparsify do the same).
      weight: auxWeight * Math.min(1, deadCount / kAux),
      feeds: { dead: new Tensor("float32", dead, [d_sae]) },
    }),
  };
}
