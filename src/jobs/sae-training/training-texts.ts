/** The texts of a training, as the exact tokens that the model reads: the lines of a file, or a prompt set. */
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/disk/io.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { type Input, loadInputs } from "../../prompts/inputs.ts";
import { behindItsPrompt, type EncodedInput, encodeEach, promptOf } from "../inputs/encode-inputs.ts";
import type { SaeTrainingPlan } from "./sae-training-plan.ts";

export interface TrainingText extends Omit<EncodedInput, "asked"> {
  /** Index of the first token to train on. The tokens before it are only read. */
  from: number;
}

/** @throws FathomError for the first line that the checkpoint cannot read */
export async function trainingTexts(
  { texts, chat, domain }: SaeTrainingPlan,
  checkpoint: Checkpoint,
): Promise<{ name: string; inputs: TrainingText[] }> {
  if (texts === null) {
    if (domain === null) throw badInput("the texts of a training", "a text, prompts or a domain", "none");
    return { name: domain.set, inputs: [] };
  }
  const { kind, path } = texts;
  const inputs = kind === "lines" ? linesOf(path) : await loadInputs(path);
  const encoded = encodeEach(inputs.map(behindItsPrompt), path, checkpoint, { chat, room: 0 });
  return {
    name: path,
    inputs: encoded.map((one, i) => ({ ...one, from: promptOf(inputs[i]!).length })),
  };
}

/** Every line that is not blank. Its id is its number. */
function linesOf(path: string): Input[] {
  const inputs = readText(path)
    .split(/\r?\n/)
    .flatMap((prompt, at): Input[] =>
      prompt.trim() === "" ? [] : [{ kind: "prompt", id: `line ${at + 1}`, prompt }],
    );
  if (inputs.length === 0) throw badInput(path, "lines of text", "none");
  return inputs;
}
