/**
 * How a checkpoint answers: what ends an answer, and what else its files ask for. The files name what ends one, and forget: a model
 * whose turn ends with a mark that no file names goes on to the next turn and invents what the other would say, and all of it would
 * be judged. The template knows the mark, so it is asked.
 */
import type { CheckpointText } from "../text/text.ts";
import { turnEnd } from "../text/turn-end.ts";
import type { Unfollowed } from "./opened/generation-settings.ts";
import type { OpenedAnswering } from "./opened/opened.ts";

export interface Answering {
  /** Ids that end an answer, to a bare text as to a chat. None: answers go on to their cap. */
  ids: readonly number[];
  /** Some of `ids` are not named by the files. */
  foundMore: boolean;
  /** What a reader has to know of what ends it, a sentence each. */
  notes: readonly string[];
  unfollowed: Unfollowed;
}

/** @param text null where there is none */
export function answeringOf(
  { named, known, unfollowed }: OpenedAnswering,
  text: CheckpointText | null,
  vocabSize: number,
): Answering {
  const found = text === null || text.template === null ? null : turnEnd(text.template, text.tokenizer);
  // What the model has no row for it never says.
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
