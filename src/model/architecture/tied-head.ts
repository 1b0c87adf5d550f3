/**
 * A checkpoint whose configuration says that the head is the embedding, while the files also hold a head. Transformers
 * compares the two matrices and keeps both when they differ, so the stored head is used. If only the head is stored, the
 * embedding is read from it.
 */
import { badInput } from "../../core/errors.ts";
import type { Weights } from "../weights/weights.ts";
import { embeddingName, separateHeadName } from "./block-graphs.ts";
import type { ModelConfig } from "./settings/config-types.ts";

/** How many numbers of each matrix are compared at a time: some megabytes. */
const chunk = 1 << 20;

/**
 * @param where the checkpoint; messages begin with it
 * @returns the configuration that fits the files, and a note when it had to be changed
 * @throws FathomError when only the head is stored and the configuration does not tie it to the embedding
 */
export function settleHead(
  where: string,
  config: ModelConfig,
  weights: Weights,
): { config: ModelConfig; notes: readonly string[] } {
  const names = new Set(weights.names());
  if (!names.has(separateHeadName)) return { config, notes: [] };
  if (!config.tiedHead) {
    if (!names.has(embeddingName))
      throw badInput(`${where} "${embeddingName}"`, "the embedding, which is not tied to the head", "none");
    return { config, notes: [] };
  }
  if (!names.has(embeddingName) || areEqual(weights, embeddingName, separateHeadName))
    return { config, notes: [] };
  const note =
    `The configuration says that the head is the embedding ("tie_word_embeddings"), and the weights hold another ` +
    `"${separateHeadName}". The stored head is computed with, as Transformers does.`;
  return { config: { ...config, tiedHead: false }, notes: [note] };
}

function areEqual(weights: Weights, one: string, other: string): boolean {
  const [rows = 0, width = 1] = weights.info(one).shape;
  if (weights.info(other).shape.join() !== weights.info(one).shape.join()) return false;
  const step = Math.max(1, Math.floor(chunk / width));
  for (let from = 0; from < rows; from += step) {
    const part = [from, Math.min(rows, from + step)] as const;
    const [a, b] = [weights.read(one, part), weights.read(other, part)];
    if (Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) !== 0) return false;
  }
  return true;
}
