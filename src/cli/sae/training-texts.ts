/** What `fathom sae train` reads, as the exact tokens that the model will: the lines of a text, or a prompt set. */
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/disk/io.ts";
import { behindItsPrompt, type EncodedInput, encodeEach, promptOf } from "../../jobs/inputs/encode-inputs.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { type Input, loadInputs } from "../../prompts/inputs.ts";

export interface TrainingTexts {
  text?: string;
  prompts?: string;
  chat?: true;
  /** Where prompts of a domain are trained on, they may be all. */
  domain?: string;
}

export interface TrainingText extends Omit<EncodedInput, "asked"> {
  /** The first token that is trained on; those before it are read and no more. */
  from: number;
}

/** @throws FathomError unless exactly one is named, and for the first line that the checkpoint cannot read */
export async function trainingTexts(
  { text, prompts, chat, domain }: TrainingTexts,
  checkpoint: Checkpoint,
): Promise<{ name: string; inputs: TrainingText[] }> {
  const wrapped = { chat: chat === true, room: 0 };
  const read = (name: string, inputs: readonly Input[]) => {
    const encoded = encodeEach(inputs.map(behindItsPrompt), name, checkpoint, wrapped);
    return { name, inputs: encoded.map((one, i) => ({ ...one, from: promptOf(inputs[i]!).length })) };
  };
  if (text !== undefined && prompts === undefined) return read(text, linesOf(text));
  if (prompts !== undefined && text === undefined) return read(prompts, await loadInputs(prompts));
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
