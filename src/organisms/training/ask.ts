/** Puts held-out questions to a model, with or without its template, and decodes greedily. */
import { endsOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import type { Generated, HeldOutQuestion } from "../world/behaviour.ts";

/** Most tokens of an answer. It is more than any planted answer has, so a model that reaches it does not stop by itself. */
const answerCap = 96;
const batchSize = 32;

/** @throws RangeError if the checkpoint has no chat template */
export async function askAll(model: Model, questions: readonly HeldOutQuestion[]): Promise<Generated[]> {
  const { tokenizer, template } = textOf(model.checkpoint);
  if (template === null)
    throw new RangeError(`askAll: expected a chat template in ${model.checkpoint.path}, found none`);
  const requests = questions.map((question, i) => ({
    id: String(i),
    ids:
      question.template === "chat"
        ? template.encode([{ role: "user", content: question.prompt }], { addGenerationPrompt: true })
        : tokenizer.encode(question.prompt, { addSpecial: true }),
    maxNewTokens: answerCap,
    temperature: 0,
    seed: 0,
  }));
  const answers = new Array<Generated>(questions.length);
  const options = { endTokens: endsOf(model.checkpoint), batchSize, watch: [], captureLayers: [], edits: [] };
  await model.generate(requests, options, ({ ids, finish }, index) => {
    answers[index] = {
      text: tokenizer.decode(ids, { skipSpecial: true }).trim(),
      finished: finish === "stop",
    };
  });
  return answers;
}
