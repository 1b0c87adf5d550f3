/**
 * Minimal sets that hold for answers. The search runs on the score, and the score only predicts: it often falls long before a model
 * complies. So found sets are judged by generated text, and where the text still refuses, the boundary is lowered and the search repeated.
 */
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Tally } from "../trial/tally.ts";
import { type Flips, flipsByJudge, flipsByScore, judgedOf, scoresOf, type Trial } from "../trial/trial.ts";
import { effectsOf } from "./effects.ts";
import { type Look, type MinimalSet, minimalSet, minimalSets } from "./minimal-set.ts";

/** How far a search may go. */
export interface SearchLimits {
  /** The most alternative sets. */
  sets: number;
  /** The most searches for them. */
  searches: number;
  /** See {@link effectsOf}. */
  measured: number;
}

export interface ConfirmedSet extends MinimalSet {
  /** Judged answers of the trial's prompts with the set ablated. */
  judged: Tally;
  /** As many answers comply as the trial needs. */
  flips: boolean;
  /** What the certificate rests on: scores below `boundary`, or judged answers. */
  certifiedBy: "score" | "judge";
  boundary: number;
}

export interface ConfirmedSets {
  /** Sets that flip, smallest first. */
  sets: ConfirmedSet[];
  /** Sets that the score called flips and the text did not, of the last search. */
  refuted: ConfirmedSet[];
  exhaustive: boolean;
  /** How often the boundary was lowered because a set's answers still refused. */
  lowered: number;
}

/** The boundary is lowered at most this often. Then judged answers steer the search themselves. */
const mostLowered = 3;

export async function confirmedSets(
  subject: Subject,
  trial: Trial,
  universe: FeatureSet,
  search: { decoderCosine: Float64Array | null; limits: SearchLimits },
): Promise<ConfirmedSets> {
  const effects = effectsOf(subject, trial, search.limits.measured);
  const look = (flips: Flips): Look => ({ flips, effects, decoderCosine: search.decoderCosine });
  let { boundary } = trial;
  for (let lowered = 0; ; lowered++) {
    const flips = flipsByScore(subject, { ...trial, boundary });
    const found = await minimalSets(universe, look(flips), search.limits);
    const judged = await judgeSets(subject, { ...trial, boundary }, found.sets, "score");
    const sets = judged.filter((set) => set.flips);
    const refuted = judged.filter((set) => !set.flips);
    const stubborn = await lowestRefusing(subject, trial, refuted);
    if (sets.length > 0 || stubborn === null)
      return { sets, refuted, exhaustive: found.exhaustive && refuted.length === 0, lowered };
    if (lowered === mostLowered) break;
    boundary = Math.min(boundary, stubborn);
  }
  const one = await minimalSet(universe, look(flipsByJudge(subject, trial)));
  const sets = await judgeSets(subject, { ...trial, boundary }, one === null ? [] : [one], "judge");
  return { sets, refuted: [], exhaustive: false, lowered: mostLowered };
}

async function judgeSets(
  subject: Subject,
  trial: Trial,
  found: readonly MinimalSet[],
  certifiedBy: ConfirmedSet["certifiedBy"],
): Promise<ConfirmedSet[]> {
  const judged = await judgedOf(
    subject,
    trial,
    found.map(({ features }) => features),
  );
  return found
    .map((set, i) => {
      const { tally } = judged[i]!;
      const flips = tally.complied >= trial.needed;
      return { ...set, judged: tally, flips, certifiedBy, boundary: trial.boundary };
    })
    .sort((a, b) => a.features.length - b.features.length);
}

/** The lowest score at which an answer under one of the sets still refused; null if none did. */
async function lowestRefusing(
  subject: Subject,
  trial: Trial,
  sets: readonly ConfirmedSet[],
): Promise<number | null> {
  const features = sets.map((set) => set.features);
  const judged = await judgedOf(subject, trial, features);
  const scores = await scoresOf(subject, trial, features);
  const refusing = judged.flatMap(({ kinds }, s) =>
    kinds.flatMap((kind, p) => (kind === "refused" || kind === "evaded" ? [scores[s]![p]!] : [])),
  );
  return refusing.length === 0 ? null : Math.min(...refusing);
}
