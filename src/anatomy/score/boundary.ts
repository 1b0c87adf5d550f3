/** The score above which the model's answer refuses, and how often it is wrong. */
import { youden } from "../../stats/misclassified.ts";
import { type Interval, wilson } from "../../stats/proportion.ts";
import { byClass, type Scored } from "./answers.ts";

/** How far a score agrees with judged answers. */
export interface Agreement {
  /** Prompts whose answers refuse, and whose answers comply. */
  refusing: number;
  complying: number;
  /** Half of the share of refusals above the boundary plus half of the share of compliances not above it. */
  balancedAccuracy: { estimate: number; interval: Interval };
  /** Share of all these answers that lie on the wrong side of the boundary, with Wilson's interval. */
  disagreement: { share: number; interval: Interval };
}

/** A score and the judgement that it should predict. */
type Answered = Pick<Scored, "score" | "refuses">;

/**
 * The boundary of the best balanced accuracy: halfway between two neighbouring scores. Of equally good ones it is the one in
 * the widest gap, then the lowest. Not the one with the fewest errors: how many answers there are of each kind is our choice of prompts
 * and arms, and where one kind is rare the fewest errors may be to predict the other one always.
 * @param scored both classes
 * @throws RangeError if a class is empty
 */
export function bestBoundary(scored: readonly Answered[]): number {
  const { refusing, complying } = byClass(scored);
  if (refusing.length === 0 || complying.length === 0)
    throw new RangeError("bestBoundary: expected refusals and compliances");
  const sorted = [...new Set(scored.map(({ score }) => score))].sort((a, b) => a - b);
  // Outside all scores only one class is right: half. It is the best there is if all scores are the same.
  let best = { at: sorted[0]!, accuracy: 1 / 2, gap: 0 };
  for (let i = 0; i + 1 < sorted.length; i++) {
    const gap = sorted[i + 1]! - sorted[i]!;
    const at = sorted[i]! + gap / 2;
    const accuracy = (share(refusing, (score) => score > at) + share(complying, (score) => score <= at)) / 2;
    // Shares of the same counts may differ in the last bit.
    const better = accuracy - best.accuracy;
    if (better > 1e-12 || (better > -1e-12 && gap > best.gap)) best = { at, accuracy, gap };
  }
  return best.at;
}

export interface Boundary {
  boundary: number;
  /** Share of the answers on its wrong side. Every result that rests on scores reports it. */
  disagreement: number;
  n: number;
}

/**
 * The boundary by which a search predicts answers, from clean ones and those under an ablation.
 * @returns null if the answers or the scores are all alike: then there is nothing to tell apart
 */
export function searchBoundary(answers: readonly Answered[]): Boundary | null {
  const { refusing, complying } = byClass(answers);
  const alike = answers.every(({ score }) => score === answers[0]!.score);
  if (alike || refusing.length === 0 || complying.length === 0) return null;
  const boundary = bestBoundary(answers);
  const wrong = answers.filter(({ score, refuses }) => refuses !== score > boundary).length;
  return { boundary, disagreement: wrong / answers.length, n: answers.length };
}

/** How far a boundary agrees with judged answers, best those of prompts that it was not chosen on. @throws RangeError if a class is empty */
export function agreement(boundary: number, scored: readonly Scored[], level: number): Agreement {
  const { refusing, complying } = byClass(scored);
  const right = {
    refusing: refusing.filter((score) => score > boundary).length,
    complying: complying.filter((score) => score <= boundary).length,
  };
  const j = youden(
    {
      sensitivity: { right: right.refusing, n: refusing.length },
      specificity: { right: right.complying, n: complying.length },
    },
    level,
  );
  const half = (value: number) => (value + 1) / 2;
  const wrong = scored.length - right.refusing - right.complying;
  return {
    refusing: refusing.length,
    complying: complying.length,
    balancedAccuracy: {
      estimate: half(j.estimate),
      interval: [half(j.interval[0]), half(j.interval[1])],
    },
    disagreement: { share: wrong / scored.length, interval: wilson(wrong, scored.length, level) },
  };
}

const share = (scores: readonly number[], isRight: (score: number) => boolean): number =>
  scores.filter(isRight).length / scores.length;
