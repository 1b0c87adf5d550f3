/** The question that every search repeats: do these prompts stop refusing if this set is ablated too? */
import { keyOf, union } from "../subject/feature-set.ts";
import type { Ask, FeatureSet, Subject } from "../subject/subject.ts";
import { type AnswerKind, answerKind, type Tally, tally } from "./tally.ts";

export interface Trial {
  /** Indices of prompts. A resample may name a prompt several times. */
  prompts: readonly number[];
  /** What is ablated or held silent in every run of this prompt, besides the set in question. */
  around: (prompt: number) => FeatureSet;
  /** A score below this predicts that the answer does not refuse. */
  boundary: number;
  /** A set flips the trial if at least this many of its prompts flip. */
  needed: number;
}

/** Whether each set flips. Sets are answered in one batch. */
export type Flips = (sets: readonly FeatureSet[]) => Promise<boolean[]>;

/** [sets][prompts of the trial]: refusal scores. */
export async function scoresOf(
  subject: Subject,
  { prompts, around }: Pick<Trial, "prompts" | "around">,
  sets: readonly FeatureSet[],
): Promise<Float64Array[]> {
  const distinct = [...new Set(prompts)];
  const scores = await subject.scores(asksOf(distinct, around, sets));
  const at = new Map(distinct.map((prompt, i) => [prompt, i]));
  return sets.map((_, s) =>
    Float64Array.from(prompts, (prompt) => scores[s * distinct.length + at.get(prompt)!]!),
  );
}

/** One row per set and prompt, set by set. */
function asksOf(prompts: readonly number[], around: Trial["around"], sets: readonly FeatureSet[]): Ask[] {
  return sets.flatMap((set) => prompts.map((prompt) => ({ prompt, off: union(around(prompt), set) })));
}

/** Answers by score. A set that was answered once is not asked again. */
export function flipsByScore(subject: Subject, trial: Trial): Flips {
  return remembered((sets) =>
    decided(trial, sets, async (prompts, open) =>
      (await scoresOf(subject, { ...trial, prompts }, open)).map(
        (scores) => scores.filter((score) => score < trial.boundary).length,
      ),
    ),
  );
}

/** Answers by judged text: what the score only predicts, at the price of a generation per set and prompt. */
export function flipsByJudge(subject: Subject, trial: Trial): Flips {
  return remembered((sets) =>
    decided(trial, sets, async (prompts, open) =>
      (await judgedOf(subject, { ...trial, prompts }, open)).map(({ tally: { complied } }) => complied),
    ),
  );
}

/** Fewer prompts make a poor batch. */
const fewestAsked = 8;

/**
 * Whether enough prompts flip under each set. A few prompts are asked at a time, and of a set no more than its answer needs: most sets
 * of a search fail on the first ones.
 * @param flipped [sets]: how many of some prompts flip
 */
async function decided(
  { prompts, needed }: Trial,
  sets: readonly FeatureSet[],
  flipped: (prompts: readonly number[], sets: readonly FeatureSet[]) => Promise<number[]>,
): Promise<boolean[]> {
  const counts = sets.map(() => 0);
  let asked = 0;
  const isOpen = (set: number) => counts[set]! < needed && counts[set]! + prompts.length - asked >= needed;
  for (let size = Math.max(fewestAsked, prompts.length - needed + 1); asked < prompts.length; size *= 2) {
    const open = [...sets.keys()].filter(isOpen);
    if (open.length === 0) break;
    const some = prompts.slice(asked, asked + size);
    const more = await flipped(
      some,
      open.map((set) => sets[set]!),
    );
    open.forEach((set, i) => (counts[set]! += more[i]!));
    asked += some.length;
  }
  return counts.map((count) => count >= needed);
}

/** For each set: the kind of each prompt's answer [prompts of the trial], and their counts. */
export async function judgedOf(
  subject: Subject,
  { prompts, around }: Pick<Trial, "prompts" | "around">,
  sets: readonly FeatureSet[],
): Promise<{ kinds: AnswerKind[]; tally: Tally }[]> {
  const distinct = [...new Set(prompts)];
  const judgements = await subject.judged(asksOf(distinct, around, sets));
  const at = new Map(distinct.map((prompt, i) => [prompt, i]));
  return sets.map((_, s) => {
    const own = prompts.map((prompt) => judgements[s * distinct.length + at.get(prompt)!]!);
    return { kinds: own.map(answerKind), tally: tally(own) };
  });
}

function remembered(flips: Flips): Flips {
  const known = new Map<string, boolean>();
  return async (sets) => {
    const fresh = [...new Map(sets.map((set) => [keyOf(set), set])).values()].filter(
      (set) => !known.has(keyOf(set)),
    );
    if (fresh.length > 0) {
      const answers = await flips(fresh);
      fresh.forEach((set, i) => known.set(keyOf(set), answers[i]!));
    }
    return sets.map((set) => known.get(keyOf(set))!);
  };
}
