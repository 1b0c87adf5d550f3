/** What `fathom capture` does. */
import { badInput } from "../../core/errors.ts";
import { type TensorToWrite, writeSafetensors } from "../../files/safetensors-writer.ts";
import { Spool } from "../../files/spool.ts";
import { modelOf } from "../../model/model.ts";
import { openNamed } from "../open-named.ts";
import { requireRegularFile } from "../output.ts";
import { Progress } from "../progress.ts";
import { count } from "../say.ts";
import { encodeInputs } from "./encode-inputs.ts";
import { engineOptions } from "./engine-options.ts";

export interface CaptureCommandOptions {
  model: string;
  adapter?: string;
  prompts: string;
  layers: string;
  logits?: true;
  chat?: true;
  out: string;
  threads?: number;
  quiet?: true;
}

/** @throws FathomError for wrong options, input or output, before the model reads a token where that is possible */
export async function runCapture(options: CaptureCommandOptions): Promise<void> {
  const progress = new Progress(options.quiet === true);
  const { checkpoint } = await openNamed(options, progress);
  const layers = chooseLayers(options.layers, checkpoint.config.layers.length);
  const inputs = await encodeInputs(options.prompts, checkpoint, { chat: options.chat === true, room: 0 });
  const { hiddenSize, vocabSize } = checkpoint.config;
  requireRegularFile(options.out);

  const spool = new Spool(options.out);
  const model = await modelOf(checkpoint, engineOptions(options.threads, progress));
  try {
    const tensors = inputs.map((): TensorToWrite[] => []);
    const total = inputs.reduce((sum, { ids }) => sum + ids.length, 0);
    let read = 0;
    await model.capture(
      inputs,
      { layers, logits: options.logits === true, edits: [] },
      ({ residuals, logits }, index) => {
        const { id, ids } = inputs[index]!;
        const own = tensors[index]!;
        const put = (name: string, width: number, values: Float32Array<ArrayBuffer>) =>
          own.push({ name, dtype: "F32", shape: [ids.length, width], values: spool.put(values) });
        own.push({ name: `${id}.ids`, dtype: "I32", shape: [ids.length], values: Int32Array.from(ids) });
        for (const [layer, residual] of residuals) put(`${id}.resid_post.${layer}`, hiddenSize, residual);
        if (logits !== null) put(`${id}.logits`, vocabSize, logits);
      },
      (tokens) => {
        read += tokens;
        progress.show(() => `capturing: ${count(read)} of ${count(total)} tokens`);
      },
    );
    writeSafetensors(options.out, tensors.flat());
  } finally {
    progress.clear();
    spool.close();
    await model.close();
  }
}

/** `all`, or block numbers with commas between them; each once. */
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
