/** Prompts with their tiers and the rows that their features are pooled over. */

import { clusterOf } from "../../core/cluster.ts";
import { badInput } from "../../core/errors.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import type { RowRange } from "../code/pool.ts";
import { pickRows, type Rows } from "../code/rows.ts";
import { massiveOf, normsOf } from "../measure/quality/quality.ts";
import type { Pooling } from "./plan.ts";

export interface LabelledPrompt {
  id: string;
  tier: Tier;
  cluster: string;
  range: RowRange;
}

/**
 * The tokens of a prompt, together with those of its answer if the answer is pooled. `length` is their number; `from` is
 * the first token that is pooled over.
 */
export interface Span {
  length: number;
  from: number;
}

export interface LabelledRows {
  rows: Rows;
  prompts: readonly LabelledPrompt[];
}

/**
 * Leaves massive tokens (quality.ts) out, because a single one would dominate a mean.
 * @param rows of the prompts' tokens, prompt after prompt
 * @throws FathomError for a prompt that has only massive tokens to pool over
 */
export function labelledRows(
  rows: Rows,
  prompts: readonly Prompt[],
  spans: readonly Span[],
  pooling: Pooling,
): LabelledRows {
  const massive = massiveOf(normsOf(rows));
  const picked: number[] = [];
  let start = 0;
  const labelled = prompts.map((prompt, at): LabelledPrompt => {
    const { length, from: first } = spans[at]!;
    const end = start + length;
    const ordinary: number[] = [];
    for (let row = start + first; row < end; row++) if (massive[row] === 0) ordinary.push(row);
    start = end;
    if (ordinary.length === 0)
      throw badInput(
        `${rows.name}: prompt ${JSON.stringify(prompt.id)}`,
        pooling === "answer" ? "an answer with a token of ordinary norm" : "a token of ordinary norm",
        "none",
      );
    const from = picked.length;
    picked.push(...(pooling === "last" ? ordinary.slice(-1) : ordinary));
    return { id: prompt.id, tier: prompt.tier, cluster: clusterOf(prompt), range: [from, picked.length] };
  });
  if (start !== rows.count) throw new RangeError(`labelledRows: ${start} tokens of ${rows.count} rows`);
  return { rows: pickRows(rows, Int32Array.from(picked)), prompts: labelled };
}
