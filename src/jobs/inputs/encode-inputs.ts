/** The lines that `capture` and `generate` read, as the exact tokens that the model will. */
import { badInput } from "../../core/errors.ts";
import type { Message } from "../../core/records/prompt.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { requireEmbedded } from "../../model/checkpoint/embedded.ts";
import { type Input, loadInputs } from "../../prompts/inputs.ts";

export interface EncodeInputsOptions {
  /** Wrap plain prompts as one user turn. */
  chat: boolean;
  /** Tokens that must fit into the context after the prompt. */
  room: number;
}

export interface EncodedInput {
  id: string;
  ids: number[];
  /** Tokens from the beginning that no model wrote: before a conversation's first answer, and none of exact ids. */
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

/** As `encodeInputs`, of inputs that were read already. @param source to begin messages with */
export function encodeEach(
  inputs: readonly Input[],
  source: string,
  checkpoint: Checkpoint,
  { chat, room }: EncodeInputsOptions,
): EncodedInput[] {
  const { contextLength } = checkpoint.config;
  return inputs.map((input) => {
    const where = `${source}: prompt ${JSON.stringify(input.id)}`;
    const [ids, asked] = encode(input, checkpoint, chat);
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

/** Tokens, and how many of them from the beginning no model wrote. */
function encode(input: Input, checkpoint: Checkpoint, chat: boolean): [ids: number[], asked: number] {
  switch (input.kind) {
    case "ids":
      // Whose they are nobody says.
      return [input.ids, 0];
    case "messages":
      return encodeConversation(input.messages, checkpoint);
    case "prompt": {
      const ids = chat
        ? encodeMessages([{ role: "user", content: input.prompt }], checkpoint)
        : textOf(checkpoint).tokenizer.encode(input.prompt, { addSpecial: true });
      return [ids, ids.length];
    }
  }
}

/** What begins as the conversation does without its answers was asked. */
function encodeConversation(messages: readonly Message[], checkpoint: Checkpoint): ReturnType<typeof encode> {
  const ids = encodeMessages(messages, checkpoint);
  const answer = messages.findIndex(({ role }) => role === "assistant");
  if (answer === -1) return [ids, ids.length];
  const before = messages.slice(0, answer);
  // A template may refuse a conversation in which no user speaks.
  if (before.at(-1)?.role !== "user") return [ids, 0];
  const alone = encodeMessages(before, checkpoint);
  const differs = ids.findIndex((id, i) => id !== alone[i]);
  return [ids, differs === -1 ? ids.length : differs];
}

/** A line that `generate` wrote, read behind what it answers: by itself the model would have other activations. */
export function behindItsPrompt(input: Input): Input {
  return input.kind === "ids" ? { ...input, ids: [...promptOf(input), ...input.ids] } : input;
}

/** The tokens that such a line answers; none of any other. */
export function promptOf(input: Input): readonly number[] {
  return (input.kind === "ids" ? input.promptIds : undefined) ?? [];
}

/** Ends with the opening of the assistant's turn, unless the assistant has had the last word. */
function encodeMessages(messages: readonly Message[], checkpoint: Checkpoint): number[] {
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
  return template.encode(messages, { addGenerationPrompt });
}
