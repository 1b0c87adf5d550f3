/** What `fathom sae train` is trained on and judged by: resid_post of every token, as shards on the disk. */
import { CapturedRows } from "../../model/captured-rows.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { ShardWriter } from "../../sae/shards.ts";
import type { Progress } from "../progress.ts";
import { count } from "../say.ts";
import type { EncodedInput } from "../tokens/encode-inputs.ts";
import { type EngineOptions, engineOptions } from "../tokens/engine-options.ts";

/** Prompts in memory at a time, where their order is to be kept. */
const promptsAtATime = 64;

/**
 * @param texts in the order in which the engine takes them
 * @param prompts behind them, in their own order
 */
export async function captureRows(
  folder: string,
  texts: readonly EncodedInput[],
  prompts: readonly EncodedInput[],
  checkpoint: Checkpoint,
  options: EngineOptions & { layer: number },
  progress: Progress,
): Promise<void> {
  const total = tokensOf(texts) + tokensOf(prompts);
  const writer = new ShardWriter(folder, checkpoint.config.hiddenSize);
  const model = await modelOf(checkpoint, engineOptions(options, progress));
  const what = { layers: [options.layer], logits: false, edits: [] };
  let read = 0;
  const onTokens = (tokens: number) => {
    read += tokens;
    progress.show(() => `capturing: ${count(read)} of ${count(total)} tokens`);
  };
  try {
    if (texts.length > 0)
      await model.capture(
        texts,
        what,
        ({ values }) => {
          writer.put(values);
        },
        onTokens,
      );
    for (let from = 0; from < prompts.length; from += promptsAtATime) {
      const some = prompts.slice(from, from + promptsAtATime);
      const captured = new CapturedRows();
      await model.capture(some, what, captured.take, onTokens);
      for (const at of some.keys()) writer.put(captured.row(at, options.layer));
    }
    writer.finish();
  } finally {
    await model.close();
  }
}

export function tokensOf(inputs: readonly EncodedInput[]): number {
  return inputs.reduce((sum, { ids }) => sum + ids.length, 0);
}
