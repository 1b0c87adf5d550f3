/** Encodes the lines that `capture` and `generate` read to the exact tokens that the model reads. */
import { badInput } from "../../core/errors.ts";
import { conversationOf, type Message, textOfPrompt } from "../../core/records/prompt.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { requireEmbedded } from "../../model/checkpoint/embedded.ts";
import { type Input, loadInputs } from "../../prompts/inputs.ts";
import { type TemplateChoices, templateOptions } from "./template-choices.ts";

export interface EncodeInputsOptions {
  /** Wrap plain prompts as a user turn, behind their earlier turns. */
  chat: boolean;
  /** Tokens that must fit into the context after the prompt. */
  room: number;
  /** For prompts that go through the chat template. */
  template?: TemplateChoices;
}

export interface EncodedInput {
  id: string;
  ids: number[];
  /** How many tokens at the beginning no model wrote: those before a conversation's first answer. 0 for exact ids. */
  asked: number;
}

/** @throws FathomError naming the first prompt that this checkpoint cannot read */
export async function encodeInputs(
  pathOrName: string,
  checkpoint: Checkpoint,
  options: EncodeInputsOptions,
): Promise<EncodedInput[]> {
  return encodeEach(await loadInputs(pathOrName), pathOrName, checkpoint, options);
}

/** As `encodeInputs`, for inputs that are already loaded. @param source the name with which messages begin */
export function encodeEach(
  inputs: readonly Input[],
  source: string,
  checkpoint: Checkpoint,
  options: EncodeInputsOptions,
): EncodedInput[] {
  const { room } = options;
  const { contextLength } = checkpoint.config;
  const chosen = Object.keys(options.template?.variables ?? {});
  if (chosen.length > 0 && !inputs.some((input) => isChat(input, options)))
    throw badInput(
      "--template-var",
      "a prompt that goes through the chat template",
      `${source} without conversations`,
      "--chat, or messages instead of prompts",
    );
  return inputs.map((input) => {
    const where = `${source}: prompt ${JSON.stringify(input.id)}`;
    const [ids, asked] = encode(input, checkpoint, options);
    if (ids.length + room > contextLength) {
      throw badInput(
        where,
        `at most ${contextLength - room} tokens (the model's context is ${contextLength})`,
        String(ids.length),
        "shorten the prompt",
      );
    }
    if (ids.length === 0) throw badInput(where, "at least one token", "none");
    requireEmbedded(where, ids, checkpoint);
    return { id: input.id, ids, asked };
  });
}

const isChat = ({ kind }: Input, { chat }: EncodeInputsOptions): boolean =>
  kind === "messages" || (kind === "prompt" && chat);

/** The tokens, and how many of them at the beginning no model wrote. */
function encode(
  input: Input,
  checkpoint: Checkpoint,
  options: EncodeInputsOptions,
): [ids: number[], asked: number] {
  switch (input.kind) {
    case "ids":
      // The file does not say who wrote them.
      return [input.ids, 0];
    case "messages":
      return encodeConversation(input.messages, checkpoint, options.template);
    case "prompt": {
      const ids = options.chat
        ? encodeMessages(conversationOf(input), checkpoint, options.template)
        : textOf(checkpoint).tokenizer.encode(textOfPrompt(input), { addSpecial: true });
      return [ids, ids.length];
    }
  }
}

/** The asked tokens are those that do not change when the conversation is cut before its first answer. */
function encodeConversation(
  messages: readonly Message[],
  checkpoint: Checkpoint,
  choices?: TemplateChoices,
): ReturnType<typeof encode> {
  const ids = encodeMessages(messages, checkpoint, choices);
  const answer = messages.findIndex(({ role }) => role === "assistant");
  if (answer === -1) return [ids, ids.length];
  const before = messages.slice(0, answer);
  // A template may refuse a conversation in which no user speaks.
  if (before.at(-1)?.role !== "user") return [ids, 0];
  const alone = encodeMessages(before, checkpoint, choices);
  const differs = ids.findIndex((id, i) => id !== alone[i]);
  return [ids, differs === -1 ? ids.length : differs];
}

/** Puts the prompt before an answer that `generate` wrote. Without its prompt the model would have other activations. */
export function behindItsPrompt(input: Input): Input {
  return input.kind === "ids" ? { ...input, ids: [...promptOf(input), ...input.ids] } : input;
}

/** The prompt's tokens in a line that `generate` wrote; empty for other lines. */
export function promptOf(input: Input): readonly number[] {
  return (input.kind === "ids" ? input.promptIds : undefined) ?? [];
}

/** Ends with the opening of the assistant's turn, unless the last message is the assistant's. */
function encodeMessages(
  messages: readonly Message[],
  checkpoint: Checkpoint,
  choices?: TemplateChoices,
): number[] {
  const { template } = textOf(checkpoint);
  if (template === null) {
    throw badInput(
      checkpoint.path,
      "a chat template",
      "none",
      "plain prompts without --chat, or add chat_template.jinja beside the weights",
    );
  }
  const addGenerationPrompt = messages.at(-1)?.role !== "assistant";
  const chosen = choices === undefined ? {} : templateOptions(template, choices, "--template-var");
  return template.encode(messages, { addGenerationPrompt, ...chosen });
}
