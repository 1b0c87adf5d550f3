/** Reads prompts into the cache in chunks. Rows that are not too long are read together. */

import type { KvCache } from "./cache/kv-cache.ts";
import { type BatchEdits, noteMoves } from "./edits/batch-edits.ts";
import type { Engine } from "./engine.ts";
import type { OnTokens } from "./generation.ts";

/**
 * The smallest number of tokens read at a time. ONNX Runtime multiplies a single row in another order than several
 * rows, so a token read alone would differ in its last bits from the same token read beside a longer row.
 */
export const leastRead = 2;

/** Tokens per prefill call. Above about this number the time per token rises again (measured). */
export const prefillTokens = 512;

export interface PromptRow {
  /** Name for messages. */
  name: string;
  /** The tokens to read. */
  ids: readonly number[];
  /** Length of the whole prompt, with its tokens that are in the cache already. */
  length: number;
  /** By edit: the largest |x' − x| so far. Reading the prompt adds to it. */
  moved: number[];
}

/**
 * @param first the slot of the first prompt; the other prompts have the next slots
 * @returns the residual after each row's last token, [rows, d]
 */
export async function readPrompts(
  engine: Engine,
  cache: KvCache,
  first: number,
  prompts: readonly PromptRow[],
  edits: BatchEdits | null,
  onTokens: OnTokens | undefined,
): Promise<Float32Array<ArrayBuffer>> {
  const d = engine.config.hiddenSize;
  const last = new Float32Array(prompts.length * d);
  const chunk = Math.max(1, Math.floor(prefillTokens / prompts.length));
  const longest = Math.max(...prompts.map(({ ids }) => ids.length));
  const lengths = prompts.map(({ length }) => length);
  const names = prompts.map(({ name }) => name);
  if (longest <= chunk || prompts.length === 1) {
    for (let at = 0; at < longest; at += chunk) {
      const rows = prompts.map(({ ids }) => ids.slice(at, at + chunk));
      const counts = rows.map((row) => row.length);
      const take = noteMoves(
        prompts.map(({ moved }) => moved),
        counts,
      );
      const onEdit = { activations: false, take };
      const step = await engine.step(cache, first, rows, {
        ...{ edits, onEdit, lengths, names, atLeast: leastRead },
      });
      prompts.forEach(({ ids }, row) => {
        const t = ids.length - 1 - at;
        if (t < step.T)
          last.set(step.residual.subarray((row * step.T + t) * d, (row * step.T + t + 1) * d), row * d);
      });
    }
  } else {
    // These rows are too long to be read together, so they are read one by one.
    for (const [row, prompt] of prompts.entries()) {
      const own = edits && { edits: edits.edits, masks: [edits.masks[row]!] };
      last.set(await readPrompts(engine, cache, first + row, [prompt], own, onTokens), row * d);
    }
    return last;
  }
  onTokens?.(
    prompts.reduce((sum, { ids }) => sum + ids.length, 0),
    "prompt",
  );
  return last;
}
