/** Finds tokens without a row in the model's embedding: tokens were added to the tokenizer, but not to the embedding. */
import { badInput } from "../../core/errors.ts";
import { type Checkpoint, tokenizerIn } from "./checkpoint.ts";

/** @throws FathomError naming the first id for which the embedding has no row */
export function requireEmbedded(
  where: string,
  ids: readonly number[],
  checkpoint: Pick<Checkpoint, "config" | "text">,
): void {
  const { vocabSize } = checkpoint.config;
  const unknown = ids.find((id) => id >= vocabSize);
  if (unknown === undefined) return;
  const token = tokenizerIn(checkpoint)?.tokenOf(unknown) ?? null;
  throw badInput(
    where,
    `token ids from 0 to ${vocabSize - 1}, the rows of the model's embedding`,
    token === null ? String(unknown) : `${unknown}, which is ${JSON.stringify(token)}`,
    "ids, or a tokenizer and a template, that were made for this model",
  );
}
