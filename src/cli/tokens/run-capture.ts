/** Runs `fathom capture`. */

import { badInput } from "../../core/errors.ts";
import type { TemplateVars } from "../../core/records/observation.ts";
import { inTurn, Spool, type Spooled } from "../../files/disk/spool.ts";
import { type TensorToWrite, writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import { encodeInputs } from "../../jobs/inputs/encode-inputs.ts";
import { engineOptions } from "../../jobs/inputs/engine-options.ts";
import { openNamed, tellNotes } from "../../jobs/inputs/open-named.ts";
import { precisionDefault } from "../../library/defaults.ts";
import { modelOf } from "../../model/model.ts";
import { complain } from "../terminal/failure.ts";
import { requireRegularFile } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { count } from "../terminal/quantities.ts";
import { type EngineOptions, engineChoice } from "./engine-choice.ts";
import { memoryNote } from "./memory-note.ts";
import { templateChoices } from "./template-choices.ts";

export interface CaptureCommandOptions extends EngineOptions {
  model: string;
  adapter?: string;
  prompts: string;
  layers: string;
  logits?: true;
  chat?: true;
  templateVar?: TemplateVars;
  date?: string;
  out: string;
  lowMemory?: true;
  quiet?: true;
}

/** @throws FathomError for wrong options, input or output, if possible before the model reads a token */
export async function runCapture(options: CaptureCommandOptions): Promise<void> {
  const progress = new Progress(options.quiet === true);
  const { checkpoint } = await openNamed(options, progress.tell);
  const layers = chooseLayers(options.layers, checkpoint.config.layers.length);
  const inputs = await encodeInputs(options.prompts, checkpoint, {
    chat: options.chat === true,
    room: 0,
    template: templateChoices(options),
  });
  const { config } = checkpoint;
  requireRegularFile(options.out);

  const lowMemory = options.lowMemory === true;
  const note = lowMemory
    ? null
    : memoryNote(config, options.precision ?? precisionDefault, process.availableMemory());
  if (note !== null) complain(note);
  tellNotes(checkpoint, "none", progress.tell);
  const spool = new Spool(options.out);
  const model = await modelOf(checkpoint, {
    ...engineOptions(engineChoice(options), progress.tell),
    ...(lowMemory ? { oneBlockAtATime: { beside: options.out } } : {}),
  });
  try {
    const places = [...layers, ...(options.logits === true ? (["logits"] as const) : [])];
    const kept = inputs.map(() => new Map(places.map((place): [typeof place, Spooled[]] => [place, []])));
    const total = inputs.reduce((sum, { ids }) => sum + ids.length, 0);
    const lastBlock = options.logits === true ? config.layers.length - 1 : Math.max(...layers);
    let read = 0;
    await model.capture(
      inputs,
      { layers, logits: options.logits === true, edits: [] },
      ({ index, place, values }) =>
        kept[index]!.get(place as (typeof places)[number])!.push(spool.put(values)),
      (tokens) => {
        read += tokens;
        // With one block at a time, every token is counted once per block.
        const block = Math.ceil(read / total) - 1;
        const where = lowMemory ? ` through block ${block} of ${lastBlock}` : "";
        progress.show(() => `capturing: ${count(read - block * total)} of ${count(total)} tokens${where}`);
      },
    );
    const tensors = inputs.flatMap(({ id, ids }, i): TensorToWrite[] => [
      { name: `${id}.ids`, dtype: "I32", shape: [ids.length], values: Int32Array.from(ids) },
      ...places.map(
        (place): TensorToWrite => ({
          name: place === "logits" ? `${id}.logits` : `${id}.resid_post.${place}`,
          dtype: "F32",
          shape: [ids.length, place === "logits" ? config.vocabSize : config.hiddenSize],
          values: () => inTurn(kept[i]!.get(place)!),
        }),
      ),
    ]);
    writeSafetensors(options.out, tensors);
  } finally {
    progress.clear();
    spool.close();
    await model.close();
  }
}

/** `all`, or block numbers with commas between them. A number that is repeated counts once. */
function chooseLayers(text: string, depth: number): number[] {
  if (text === "all") return Array.from({ length: depth }, (_, layer) => layer);
  const layers = text.split(",").map((part) => {
    const layer = /^\d{1,6}$/.test(part.trim()) ? Number(part) : NaN;
    if (layer < depth) return layer;
    throw badInput(
      "--layers",
      `all, or blocks from 0 to ${depth - 1} such as 0,${depth - 1}`,
      JSON.stringify(part),
    );
  });
  return [...new Set(layers)].sort((a, b) => a - b);
}
