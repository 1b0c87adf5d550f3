/**
 * How a checkpoint answers: the tokens that end an answer, and the generation settings of its files. The files name end
 * tokens, but not always all of them. If a turn ends with a mark that no file names, the model continues with the next
 * turn and invents the user's words, and all of that would be judged. The chat template contains the mark, so Fathom
 * looks for it there.
 */
import type { CheckpointText } from "../text/text.ts";
import { turnEnd } from "../text/turn-end.ts";
import type { Unfollowed } from "./opened/generation-settings.ts";
import type { OpenedAnswering } from "./opened/opened.ts";

export interface Answering {
  /** Ids that end an answer, to a bare text as well as to a chat. If the list is empty, answers end at their cap. */
  ids: readonly number[];
  /** Whether the files do not name some of `ids`. */
  foundMore: boolean;
  /** Sentences for readers of the results about the end of an answer. */
  notes: readonly string[];
  unfollowed: Unfollowed;
}

/** @param text null when the checkpoint has no tokenizer */
export function answeringOf(
  { named, known, unfollowed }: OpenedAnswering,
  text: CheckpointText | null,
  vocabSize: number,
): Answering {
  const found = text === null || text.template === null ? null : turnEnd(text.template, text.tokenizer);
  // The model never gives a token for which it has no row.
  const turn = found !== null && found.id < vocabSize ? found : null;
  const ids = [...new Set([...named, ...known, ...(turn === null ? [] : [turn.id])])];
  const notes = [
    ...(turn === null || named.includes(turn.id)
      ? []
      : [
          `The chat template ends a turn with ${turn.token}, which the model's files do not name as an end: an answer ends there.`,
        ]),
    ...(ids.length === 0 ? ["The model's files name no end token: an answer goes on to its cap."] : []),
  ];
  return { ids, foundMore: ids.some((id) => !named.includes(id)), notes, unfollowed };
}
