/**
 * Redundancy depth. Round r: with the sets of all earlier rounds ablated, find a minimal set while everything that is still silent is held
 * silent, so that no recruit can help. Then release the hold. If the refusal returns, what woke opens round r + 1. The depth is the number
 * of rounds until the free model gives way, the width of a round the number of its new features.
 *
 * Depth is a property of the model *and* the candidates: repair outside the dictionaries is not seen, so it is a lower bound.
 */
import { type ConfirmedSets, confirmedSets, type SearchLimits } from "../minimal/confirmed.ts";
import { union, without } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Tally } from "../trial/tally.ts";
import { judgedOf, type Trial } from "../trial/trial.ts";
import { type CleanActivity, silentOnClean, type Waking, wakingUnder } from "./silence.ts";

export interface Round {
  /** Minimal sets under the hold, smallest first. The first one is ablated from here on. */
  found: ConfirmedSets;
  /** New features of this round; the width is their number. */
  features: FeatureSet;
  /** The sets of this round and all earlier ones. */
  ablated: FeatureSet;
  /** Judged answers of the free model with `ablated` ablated. */
  free: Tally;
  /** What `ablated` wakes in the free model. */
  waking: Waking;
}

export interface Depth {
  /** Null if the free model never gave way. */
  depth: number | null;
  /** Rounds that were completed: a lower bound of the depth. */
  rounds: Round[];
  ending:
    | "gave way"
    /** The next round found no set: what refuses now has no candidate. */
    | "not in this dictionary"
    | "only broken text"
    /** The refusal returned and no candidate woke. */
    | "nothing woke"
    /** The round limit was reached. */
    | "limit";
}

/**
 * @param trial prompts that refuse, its boundary and how many must flip; `around` is what every run ablates besides
 * @param mostRounds the most rounds
 */
export async function redundancyDepth(
  subject: Subject,
  clean: CleanActivity,
  trial: Trial,
  search: { decoderCosine: Float64Array | null; limits: SearchLimits; mostRounds: number },
): Promise<Depth> {
  const rounds: Round[] = [];
  let ablated: FeatureSet = [];
  let silent = (prompt: number) => silentOnClean(clean, prompt);
  while (rounds.length < search.mostRounds) {
    const [earlier, quiet] = [ablated, silent];
    const held: Trial = {
      ...trial,
      around: (prompt) => union(trial.around(prompt), earlier, quiet(prompt)),
    };
    const found = await confirmedSets(subject, held, notHeld(subject, trial, earlier, quiet), search);
    const [smallest] = found.sets;
    if (smallest === undefined) return { depth: null, rounds, ending: endingOf(found) };
    ablated = union(earlier, smallest.features);
    const [judged] = await judgedOf(subject, trial, [ablated]);
    const free = judged!.tally;
    const waking = await wakingUnder(subject, clean, trial.prompts, ablated);
    silent = waking.silent;
    rounds.push({ found, features: smallest.features, ablated, free, waking });
    if (free.complied >= trial.needed) return { depth: rounds.length, rounds, ending: "gave way" };
    if (free.broken > free.refused + free.evaded) return { depth: null, rounds, ending: "only broken text" };
    if (waking.all.length === 0) return { depth: null, rounds, ending: "nothing woke" };
  }
  return { depth: null, rounds, ending: "limit" };
}

/** Candidates that are free on at least one of the prompts. */
function notHeld(subject: Subject, trial: Trial, ablated: FeatureSet, silent: Waking["silent"]): FeatureSet {
  const held = trial.prompts.map((prompt) => new Set(silent(prompt)));
  const free = subject.candidates.map((_, f) => f).filter((f) => held.some((set) => !set.has(f)));
  return without(free, ablated);
}

function endingOf({ refuted }: ConfirmedSets): Depth["ending"] {
  return refuted.some(({ judged }) => judged.broken > judged.refused + judged.evaded)
    ? "only broken text"
    : "not in this dictionary";
}
