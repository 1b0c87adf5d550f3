/** Reads prompts into the cache in chunks. Rows that are not too long are read together. */

import type { KvCache } from "./cache/kv-cache.ts";
import type { BatchEdits } from "./edits/batch-edits.ts";
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
  /** How many tokens behind the prompt are a draft; 0 when not given. */
  draft?: number;
}

/** What was read of a prompt: after its last token, then after each token of its draft. */
export interface PromptRead {
  /** Residuals, [d] each. */
  last: Floats[];
  /** By token of the draft, then by edit: |x' − x|. */
  moved: number[][];
}

type Floats = Float32Array<ArrayBuffer>;

/**
 * @param first the slot of the first prompt; the other prompts have the next slots
 * @returns [rows]
 */
export async function readPrompts(
  engine: Engine,
  cache: KvCache,
  first: number,
  prompts: readonly PromptRow[],
  edits: BatchEdits | null,
  onTokens: OnTokens | undefined,
): Promise<PromptRead[]> {
  const d = engine.config.hiddenSize;
  const reads = prompts.map(({ draft = 0, moved }): PromptRead => {
    return { last: [], moved: Array.from({ length: draft }, () => moved.map(() => 0)) };
  });
  const chunk = Math.max(1, Math.floor(prefillTokens / prompts.length));
  const longest = Math.max(...prompts.map(({ ids }) => ids.length));
  const lengths = prompts.map(({ length }) => length);
  const names = prompts.map(({ name }) => name);
  if (longest <= chunk || prompts.length === 1) {
    for (let at = 0; at < longest; at += chunk) {
      const rows = prompts.map(({ ids }) => ids.slice(at, at + chunk));
      const take = (edit: number, { moved }: { moved: Float32Array }) => {
        const T = moved.length / rows.length;
        for (const [row, { length }] of rows.entries())
          for (let t = 0; t < length; t++) {
            const behind = placeInDraft(prompts[row]!, at + t);
            const own = behind < 0 ? prompts[row]!.moved : reads[row]!.moved[behind]!;
            own[edit] = Math.max(own[edit]!, moved[row * T + t]!);
          }
      };
      const onEdit = { activations: false, take };
      const step = await engine.step(cache, first, rows, {
        ...{ edits, onEdit, lengths, names, atLeast: leastRead },
      });
      rows.forEach(({ length }, row) => {
        for (let t = 0; t < length; t++)
          if (placeInDraft(prompts[row]!, at + t) >= -1)
            reads[row]!.last.push(step.residual.slice((row * step.T + t) * d, (row * step.T + t + 1) * d));
      });
    }
  } else {
    // These rows are too long to be read together, so they are read one by one.
    for (const [row, prompt] of prompts.entries()) {
      const own = edits && { edits: edits.edits, masks: [edits.masks[row]!] };
      reads[row] = (await readPrompts(engine, cache, first + row, [prompt], own, onTokens))[0]!;
    }
    return reads;
  }
  onTokens?.(
    prompts.reduce((sum, { ids }) => sum + ids.length, 0),
    "prompt",
  );
  return reads;
}

/** The place of a token in the draft; -1 for the prompt's last token. */
const placeInDraft = ({ ids, draft = 0 }: PromptRow, token: number): number => token - ids.length + draft;
