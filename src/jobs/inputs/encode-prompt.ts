/** One prompt of an audit as the exact tokens that the model reads under a condition. */
import { badInput } from "../../core/errors.ts";
import type { Condition } from "../../core/records/observation.ts";
import { conversationOf, type Message, type Prompt, textOfPrompt } from "../../core/records/prompt.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { templateOptions } from "./template-choices.ts";
import { encodeTurns } from "./turns.ts";

type Asked = Pick<Condition, "template" | "system" | "turn" | "template_vars">;

/**
 * Without a prefill, whose tokens follow.
 * @param day what a template writes as today's, YYYY-MM-DD
 * @throws FathomError without a chat template, and for one that does not take the condition's turns or variables
 */
export function encodePrompt(
  prompt: Pick<Prompt, "id" | "prompt" | "turns">,
  condition: Asked,
  checkpoint: Checkpoint,
  day: string,
): number[] {
  const { tokenizer, template } = textOf(checkpoint);
  if (condition.template === "none") return tokenizer.encode(textOfPrompt(prompt), { addSpecial: true });
  if (template === null) {
    throw badInput(
      checkpoint.path,
      "a chat template",
      "none",
      "--templates none, or add chat_template.jinja beside the weights",
    );
  }
  const { system, turn, template_vars } = condition;
  const addGenerationPrompt = turn !== "no-generation-prompt";
  const role = turn === "no-generation-prompt" ? "user" : turn;
  const conversation = conversationOf(prompt);
  const messages: Message[] = [
    ...(system === null ? [] : [{ role: "system" as const, content: system }]),
    ...conversation.slice(0, -1),
    { role, content: prompt.prompt },
  ];
  const choices = templateOptions(template, { variables: template_vars, day }, "template variables");
  return encodeTurns(template, prompt, messages, { addGenerationPrompt, ...choices });
}
