/** Tokens that a vocabulary has and the model has not: a tokenizer that was added to, over an embedding that was not. */
import { badInput } from "../../core/errors.ts";
import { type Checkpoint, tokenizerIn } from "./checkpoint.ts";

/** @throws FathomError naming the first id that the embedding has no row for */
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
