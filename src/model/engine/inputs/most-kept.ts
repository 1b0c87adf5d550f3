/** How much a call may keep in memory beside the sessions. */
import type { Weights } from "../../weights/weights.ts";

/** A number of float32: a 32nd of the weights, and at least 64 MB. */
export function mostKept(weights: Weights): number {
  const parameters = weights
    .names()
    .reduce((sum, name) => sum + weights.info(name).shape.reduce((a, b) => a * b, 1), 0);
  return Math.max(2 ** 24, parameters / 32);
}
