/**
 * Minimal sets that hold for answers. The search runs on the score, and the score only predicts: it often falls long before a model
 * complies. So found sets are judged by generated text, and where the text still refuses, the boundary is lowered and the search repeated.
 */
import { keyOf } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Tally } from "../trial/tally.ts";
import { type Flips, flipsByJudge, flipsByScore, judgedOf, scoresOf, type Trial } from "../trial/trial.ts";
import { oneMinimal } from "./certificate.ts";
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
  const byJudge = flipsByJudge(subject, trial);
  let { boundary } = trial;
  let lowered = 0;
  for (; lowered <= mostLowered; lowered++) {
    const flips = flipsByScore(subject, { ...trial, boundary });
    const found = await minimalSets(universe, look(flips), search.limits);
    const judged = await judgeSets(subject, { ...trial, boundary }, found.sets, "score");
    const sets = judged.filter((set) => set.flips);
    const refuted = judged.filter((set) => !set.flips);
    if (sets.length > 0) {
      if (lowered === 0)
        return { sets, refuted, exhaustive: found.exhaustive && refuted.length === 0, lowered };
      // A boundary that had to be lowered predicts too poorly to say which members are needed.
      const lean = await leaveOutByJudge(sets, byJudge);
      return {
        sets: await judgeSets(subject, { ...trial, boundary }, lean, "judge"),
        ...{ refuted, exhaustive: false, lowered },
      };
    }
    const stubborn = await lowestRefusing(subject, trial, refuted);
    // Without a set, the score may still be wrong about the whole universe; its answers say so.
    const hopeless = found.sets.length === 0 ? (await byJudge([universe]))[0] !== true : stubborn === null;
    if (hopeless) return { sets, refuted, exhaustive: found.exhaustive && refuted.length === 0, lowered };
    if (stubborn === null) break;
    boundary = Math.min(boundary, stubborn);
  }
  const one = await minimalSet(universe, look(byJudge));
  const sets = await judgeSets(subject, { ...trial, boundary }, one === null ? [] : [one], "judge");
  return { sets, refuted: [], exhaustive: false, lowered };
}

/** The sets without the members that judged answers do not need; equal ones once. */
async function leaveOutByJudge(sets: readonly MinimalSet[], byJudge: Flips): Promise<MinimalSet[]> {
  const lean = new Map<string, MinimalSet>();
  for (const { features, trail } of sets) {
    const kept = await oneMinimal(features, byJudge);
    lean.set(keyOf(kept), { features: kept, trail: [...trail, kept.length] });
  }
  return [...lean.values()];
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
