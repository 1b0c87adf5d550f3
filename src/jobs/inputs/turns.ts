/** Prompts with earlier turns through a chat template. What the template cannot take, or leaves out, is refused before anything runs. */
import { badInput, FathomError } from "../../core/errors.ts";
import { conversationOf, type Message, type Prompt } from "../../core/records/prompt.ts";
import type { ChatTemplate, TemplateOptions } from "../../model/text/template.ts";

const instead = "--templates none asks the turns as one text; or leave the prompt out";

/**
 * @param messages the prompt's conversation, behind a system prompt if there is one
 * @returns the token ids
 * @throws FathomError naming the prompt, if the template refuses its earlier turns or does not write all of them
 */
export function encodeTurns(
  template: ChatTemplate,
  prompt: Pick<Prompt, "id" | "prompt" | "turns">,
  messages: readonly Message[],
  options: TemplateOptions,
): number[] {
  if (prompt.turns !== undefined) requireWritten(template, prompt, messages, options);
  return template.encode(messages, options);
}

function requireWritten(
  template: ChatTemplate,
  prompt: Pick<Prompt, "id" | "prompt" | "turns">,
  messages: readonly Message[],
  options: TemplateOptions,
): void {
  const text = written(template, prompt.id, messages, options);
  let from = 0;
  for (const [i, { role, content }] of conversationOf(prompt).entries()) {
    // Templates may trim a turn.
    const own = content.trim();
    const at = text.indexOf(own, from);
    if (at === -1)
      throw badInput(
        `prompt ${prompt.id}: turns`,
        "a chat template that writes every turn as it is, in order",
        `turn ${i + 1}, the ${role}'s, is left out or changed`,
        instead,
      );
    from = at + own.length;
  }
}

function written(
  template: ChatTemplate,
  id: string,
  messages: readonly Message[],
  options: TemplateOptions,
): string {
  try {
    return template.render(messages, options);
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { problem } = error;
    const named = { ...problem, where: `prompt ${id}: ${problem.where}`, hint: problem.hint ?? instead };
    throw new FathomError(named, error.exit, { cause: error });
  }
}
