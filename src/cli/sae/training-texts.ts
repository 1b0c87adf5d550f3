/** What `fathom sae train` reads, as the exact tokens that the model will: the lines of a text, or a prompt set. */
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/io.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import type { Input } from "../../prompts/inputs.ts";
import { type EncodedInput, encodeEach, encodeInputs } from "../tokens/encode-inputs.ts";

export interface TrainingTexts {
  text?: string;
  prompts?: string;
  chat?: true;
  /** Where prompts of a domain are trained on, they may be all. */
  domain?: string;
}

/** @throws FathomError unless exactly one is named, and for the first line that the checkpoint cannot read */
export async function trainingTexts(
  { text, prompts, chat, domain }: TrainingTexts,
  checkpoint: Checkpoint,
): Promise<{ name: string; inputs: EncodedInput[] }> {
  const wrapped = { chat: chat === true, room: 0 };
  if (text !== undefined && prompts === undefined)
    return { name: text, inputs: encodeEach(linesOf(text), text, checkpoint, wrapped) };
  if (prompts !== undefined && text === undefined)
    return { name: prompts, inputs: await encodeInputs(prompts, checkpoint, wrapped) };
  if (domain !== undefined && text === undefined) return { name: domain, inputs: [] };
  throw badInput("sae train", "one of --text and --prompts", text === undefined ? "neither" : "both");
}

/** Every line that is not blank, by its number. */
function linesOf(path: string): Input[] {
  const inputs = readText(path)
    .split(/\r?\n/)
    .flatMap((prompt, at): Input[] =>
      prompt.trim() === "" ? [] : [{ kind: "prompt", id: `line ${at + 1}`, prompt }],
    );
  if (inputs.length === 0) throw badInput(path, "lines of text", "none");
  return inputs;
}
