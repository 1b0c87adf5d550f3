/**
 * Chooses the features that a report lists and describes each: how often, how strongly and where it is active, and
 * its effect on the logits.
 */
import type { SaeContext, SaeFeature } from "../../../core/records/sae-report.ts";
import { type Checkpoint, tokenizerIn } from "../../../model/checkpoint/checkpoint.ts";
import type { SessionOptions } from "../../../model/ort/session.ts";
import { neuronpediaOf } from "../../code/neuronpedia.ts";
import type { Rows } from "../../code/rows.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import { type Context, contextsOf, type Window } from "../contexts/contexts.ts";
import type { PeakLimits, Peaks } from "../contexts/peaks.ts";
import type { TextLayout } from "../contexts/text-rows.ts";
import type { TokenQuality } from "../quality/quality.ts";
import { logitEffects } from "./logit-effects.ts";
import type { Redundancy } from "./redundancy.ts";
import type { Tally } from "./tally.ts";

export interface ListLimits extends PeakLimits, Window {
  /** How many features are listed, in addition to those of `show`. */
  features: number;
  /** Indices of the features that the user asked for. */
  show: readonly number[];
  /** How many tokens are listed as raised, and how many as lowered. */
  logits: number;
}

/**
 * Chooses the wanted number of features evenly from all active ones, sorted from the most frequent to the rarest. So
 * the list is neither the best nor the worst. Adds the features that the user asked for.
 * @param firings [d_sae] @returns indices in rising order
 */
export function chosenFeatures(firings: Uint32Array, { features, show }: ListLimits): number[] {
  const active = [...firings.keys()]
    .filter((feature) => firings[feature]! > 0)
    .sort((a, b) => firings[b]! - firings[a]! || a - b);
  const every = Math.max(1, active.length / features);
  const even = Array.from(
    { length: Math.min(features, active.length) },
    (_, i) => active[Math.floor(i * every)]!,
  );
  return [...new Set([...even, ...show])].sort((a, b) => a - b);
}

export interface ListSources {
  session: SaeSession;
  checkpoint: Checkpoint;
  rows: Rows;
  layout: TextLayout;
  tokens: TokenQuality;
  tally: Tally;
  peaks: Peaks;
  redundancy: Redundancy;
}

/** @returns the features, and whether their logit effects could be computed */
export async function listedFeatures(
  { session, checkpoint, rows, layout, tokens, tally, peaks, redundancy }: ListSources,
  limits: ListLimits,
  options: SessionOptions,
): Promise<{ list: SaeFeature[]; hasLogits: boolean }> {
  const features = chosenFeatures(tokens.firings, limits);
  const found = new Map(features.map((feature) => [feature, peaks.of(feature)]));
  const places = new Map([...found].map(([feature, own]) => [feature, [...own.strongest, ...own.drawn]]));
  const contexts = await contextsOf(session, rows, layout, tokenizerIn(checkpoint), places, limits);
  const { sae } = session;
  const logits = await logitEffects(checkpoint, sae.W_dec, features, limits.logits, options);
  const list = features.map((feature, i): SaeFeature => {
    const firings = tokens.firings[feature]!;
    const strongest = found.get(feature)!.strongest.length;
    const other = redundancy.nearest[feature]!;
    return {
      feature,
      tokens: firings,
      share: rounded(firings / rows.count),
      max: firings === 0 ? null : rounded(tally.max[feature]!),
      mean: firings === 0 ? null : rounded(tally.sum[feature]! / firings),
      nearest: other === -1 ? null : { feature: other, cosine: rounded(redundancy.cosine[feature]!) },
      contexts: contexts.get(feature)!.map((context, at) => {
        const { row } = places.get(feature)![at]!;
        return told(context, at < strongest ? "strongest" : "drawn", tokens.isMassive[row] === 1);
      }),
      logits: logits === null ? null : rounding(logits[i]!),
      neuronpedia: neuronpediaOf(sae, feature),
    };
  });
  return { list, hasLogits: logits !== null };
}

function told({ activations, ...context }: Context, kind: SaeContext["kind"], massive: boolean): SaeContext {
  return { kind, massive, ...context, activations: Array.from(activations, rounded) };
}

function rounding({ raised, lowered }: NonNullable<SaeFeature["logits"]>): SaeFeature["logits"] {
  const short = (effects: typeof raised) =>
    effects.map((effect) => ({ ...effect, effect: rounded(effect.effect) }));
  return { raised: short(raised), lowered: short(lowered) };
}

/** Four significant digits. The drawings need no more, and the file stays small. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
