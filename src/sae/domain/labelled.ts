/** Prompts with their tiers and the rows that their features are pooled over. */
import { badInput } from "../../core/errors.ts";
import type { Prompt, Tier } from "../../core/prompt.ts";
import type { RowRange } from "../pool.ts";
import { massiveOf, normsOf } from "../quality.ts";
import { pickRows, type Rows } from "../rows.ts";
import type { Pooling } from "./plan.ts";
import { clusterOf } from "./split.ts";

export interface LabelledPrompt {
  id: string;
  tier: Tier;
  cluster: string;
  range: RowRange;
}

export interface LabelledRows {
  rows: Rows;
  prompts: readonly LabelledPrompt[];
}

/**
 * Massive tokens (quality.ts) are left out: one of them would be all of a mean.
 * @param rows of the prompts' tokens, prompt after prompt @param lengths tokens of each
 * @throws FathomError for a prompt of massive tokens only
 */
export function labelledRows(
  rows: Rows,
  prompts: readonly Prompt[],
  lengths: readonly number[],
  pooling: Pooling,
): LabelledRows {
  const massive = massiveOf(normsOf(rows));
  const picked: number[] = [];
  let start = 0;
  const labelled = prompts.map((prompt, at): LabelledPrompt => {
    const end = start + lengths[at]!;
    const ordinary: number[] = [];
    for (let row = start; row < end; row++) if (massive[row] === 0) ordinary.push(row);
    start = end;
    if (ordinary.length === 0)
      throw badInput(`${rows.name}: prompt ${JSON.stringify(prompt.id)}`, "a token of ordinary norm", "none");
    const from = picked.length;
    picked.push(...(pooling === "mean" ? ordinary : ordinary.slice(-1)));
    return { id: prompt.id, tier: prompt.tier, cluster: clusterOf(prompt), range: [from, picked.length] };
  });
  if (start !== rows.count) throw new RangeError(`labelledRows: ${start} tokens of ${rows.count} rows`);
  return { rows: pickRows(rows, Int32Array.from(picked)), prompts: labelled };
}
