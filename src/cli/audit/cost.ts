/** The cost of a plan. Tokens and disk space are counted; the time is estimated from a probe of this machine. */

import { canonicalJson } from "../../core/hash.ts";
import type { Prepared } from "../../jobs/audit/prepare.ts";
import { ropeSwitch } from "../../model/architecture/rotary.ts";
import type { ModelConfig } from "../../model/architecture/settings/config-types.ts";
import { expectedShapes } from "../../model/architecture/weight-shapes.ts";
import { SharedPrefixes } from "../../model/engine/cache/prefixes.ts";
import { type Cell, cellsOf } from "./cells.ts";
import type { Speed } from "./probe.ts";

/** The lower end of the time range: thoughts and answers stop after this share of their largest cap. */
export const earlyShare = 1 / 4;

export interface Work {
  prompts: number;
  conditions: number;
  answers: number;
  /** Tokens that the model reads. A prefix that prompts share counts once. */
  tokens_read: number;
  /** The same number, if prefixes were not shared. */
  tokens_read_unshared: number;
  /** New tokens, if every thought and answer runs to its largest cap or to the end of the context. */
  most_new_tokens: number;
  /** Size of the activations of as many answers. Thoughts leave none. */
  most_activation_bytes: number;
}

export function workOf({ plan, prompts, units, layers, thinking }: Prepared, config: ModelConfig): Work {
  const cap = Math.max(...plan.caps);
  const all = units.map(({ prompt_ids }) => prompt_ids);
  const prefixes = new SharedPrefixes(all, ropeSwitch(config));
  const saved = all.map((ids) => prefixes.of(ids)?.ids.length ?? 0);
  const unshared = sum(all.map((ids) => ids.length));
  const newTokens = (most: number) =>
    sum(all.map((ids) => Math.min(most, config.contextLength - ids.length)));
  return {
    prompts: prompts.length,
    conditions: new Set(units.map(({ condition }) => canonicalJson(condition))).size,
    answers: units.length,
    tokens_read: unshared - sum(saved) + sum(prefixes.all.map(({ ids }) => ids.length)),
    tokens_read_unshared: unshared,
    most_new_tokens: newTokens(cap + (thinking?.cap ?? 0)),
    most_activation_bytes: newTokens(cap) * config.hiddenSize * 4 * layers.length,
  };
}

/** Seconds that a token takes which is read, and one which is generated, in a batch of so many rows. */
interface Rates {
  reading: number;
  step: number;
}

export function ratesOf(rows: number, config: ModelConfig, speed: Speed): Rates {
  const size = (names: (name: string) => boolean) =>
    sum([...expectedShapes(config)].filter(([name]) => names(name)).map(([, dims]) => product(dims)));
  const blocks = size((name) => name.startsWith("model.layers."));
  const head = config.vocabSize * config.hiddenSize;
  // A step takes as long as the arithmetic of its rows, and at least as long as reading the weights once.
  const step = (blocks + head) * Math.max(speed.batch, speed.oneRow);
  return { reading: blocks * speed.reading, step: step / rows };
}

/** Seconds, as [if answers stop early, if all run to the cap]. Attention, judging and the report are not counted. */
export function secondsOf(work: Work, { reading, step }: Rates): [number, number] {
  const [read, made] = [work.tokens_read * reading, work.most_new_tokens * step];
  return [read + made * earlyShare, read + made];
}

/** Each condition with its share of the time, if all answers run to the cap and every prompt is read alone. */
export function gridOf(
  { plan, units, thinking }: Prepared,
  { contextLength }: ModelConfig,
  { reading, step }: Rates,
): Cell[] {
  const most = Math.max(...plan.caps) + (thinking?.cap ?? 0);
  return cellsOf(
    units,
    ({ prompt_ids: { length } }) => length * reading + Math.min(most, contextLength - length) * step,
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const product = (values: readonly number[]): number => values.reduce((total, value) => total * value, 1);
