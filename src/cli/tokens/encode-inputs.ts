/** The lines that `capture` and `generate` read, as the exact tokens that the model will. */
import { badInput } from "../../core/errors.ts";
import type { Message } from "../../core/prompt.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint.ts";
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
  const { contextLength, vocabSize } = checkpoint.config;
  return inputs.map((input) => {
    const where = `${source}: prompt ${JSON.stringify(input.id)}`;
    const ids = encode(input, checkpoint, chat);
    if (ids.length + room > contextLength) {
      throw badInput(
        where,
        `at most ${contextLength - room} tokens (the model's context is ${contextLength})`,
        String(ids.length),
        "shorten the prompt",
      );
    }
    if (ids.length === 0) throw badInput(where, "at least one token", "none");
    const unknown = ids.find((id) => id >= vocabSize);
    if (unknown !== undefined)
      throw badInput(where, `token ids from 0 to ${vocabSize - 1}`, String(unknown), "the model's own ids");
    return { id: input.id, ids };
  });
}

function encode(input: Input, checkpoint: Checkpoint, chat: boolean): number[] {
  switch (input.kind) {
    case "ids":
      return input.ids;
    case "messages":
      return encodeMessages(input.messages, checkpoint);
    case "prompt":
      return chat
        ? encodeMessages([{ role: "user", content: input.prompt }], checkpoint)
        : textOf(checkpoint).tokenizer.encode(input.prompt, { addSpecial: true });
  }
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
