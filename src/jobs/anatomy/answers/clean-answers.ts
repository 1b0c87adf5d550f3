/** The model's own answers, without any edit: greedy, and judged. Everything else is measured against them. */
import type { Judgement } from "../../../anatomy/subject/subject.ts";
import { badInput } from "../../../core/errors.ts";
import { endsOf, textOf } from "../../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../../model/model.ts";
import { endsWith, thinkingOf } from "../../../model/text/thinking.ts";
import type { Tell } from "../../job/job-events.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { judgedAnswer } from "./judged-answer.ts";

/** A prompt with the user's text, which the judge compares answers with. */
export interface AskedPrompt extends ReadPrompt {
  prompt: string;
}

export interface CleanAnswer extends Judgement {
  /** Its tokens, without the one that ended it. */
  ids: number[];
}

/** Answers that a kill can lose. */
const atATime = 32;

interface Asking {
  model: Model;
  memory: Memory;
  /** The most tokens of an answer. */
  answerTokens: number;
  /** Answers that are decoded together. */
  batchSize: number;
  tell: Tell;
}

/**
 * @returns [prompts]
 * @throws FathomError for a model that thinks before it answers
 */
export async function cleanAnswers(
  prompts: readonly AskedPrompt[],
  { model, memory, answerTokens, batchSize, tell }: Asking,
): Promise<CleanAnswer[]> {
  const { checkpoint } = model;
  const answers: CleanAnswer[] = [];
  for (let from = 0; from < prompts.length; from += atATime) {
    tell({ kind: "counted", what: "clean answers", done: from, total: prompts.length, unit: "answers" });
    const group = prompts.slice(from, from + atATime);
    const ids = group.map((prompt) => [...prompt.ids]);
    answers.push(
      ...(await memory.recall("clean answers", { ids, answerTokens }, async () => {
        const made: CleanAnswer[] = [];
        await model.generate(
          group.map(({ id }, i) => ({
            id,
            ids: ids[i]!,
            maxNewTokens: answerTokens,
            temperature: 0,
            seed: 0,
          })),
          { endTokens: endsOf(checkpoint), batchSize, watch: [], captureLayers: [], edits: [] },
          (row, i) => {
            made[i] = { ids: row.ids, ...judgedAnswer(row, group[i]!.prompt, checkpoint) };
          },
        );
        return made;
      })),
    );
  }
  requireNoThoughts(answers, model);
  return answers;
}

/** The score is read where an answer begins, and a thought is no answer. */
function requireNoThoughts(answers: readonly CleanAnswer[], { checkpoint }: Model): void {
  const { tokenizer, template } = textOf(checkpoint);
  const marks = thinkingOf(tokenizer, template)?.ids ?? [];
  const opens = marks.flatMap(({ open }) => open);
  const thinks = answers.some(({ ids }) => opens.some((open) => endsWith(ids.slice(0, open.length), open)));
  if (!thinks) return;
  throw badInput(
    checkpoint.name,
    "a model that answers at once",
    "answers that begin with a thought",
    "a variable of the chat template that turns thoughts off, such as --template-var enable_thinking=false",
  );
}
