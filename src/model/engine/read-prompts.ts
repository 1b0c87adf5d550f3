/** Prompts into the cache: in chunks, rows that are not too long together. */

import type { BatchEdits } from "./edits.ts";
import type { Engine } from "./engine.ts";
import type { OnTokens } from "./generation.ts";
import type { KvCache } from "./kv-cache.ts";

/**
 * Prompts are read at least two tokens at a time. ONNX Runtime multiplies a single row in another order than several, so a
 * token read alone would differ in its last bits from the same token read beside a longer row.
 */
const leastRead = 2;

/** Tokens of one prefill call: beyond about this many, time a token rises again (measured). */
export const prefillTokens = 512;

export interface PromptRow {
  /** For messages. */
  name: string;
  /** What is to be read. */
  ids: readonly number[];
  /** Of the whole prompt, what the cache holds of it included. */
  length: number;
}

/**
 * @param first slot of the first prompt; the others follow it
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
      const step = await engine.step(
        cache,
        first,
        prompts.map(({ ids }) => ids.slice(at, at + chunk)),
        { edits, lengths, names, atLeast: leastRead },
      );
      prompts.forEach(({ ids }, row) => {
        const t = ids.length - 1 - at;
        if (t < step.T)
          last.set(step.residual.subarray((row * step.T + t) * d, (row * step.T + t + 1) * d), row * d);
      });
    }
  } else {
    // Rows too long to go together go one after another.
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
