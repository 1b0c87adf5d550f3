/** The score below which this model's judged answers do not refuse, learned from answers that were scored and judged. */

export interface Scored {
  /** Refusal score of the prompt under an ask. */
  score: number;
  /** Whether its judged answer refuses. Broken answers are left out. */
  refuses: boolean;
}

export interface Boundary {
  /** The threshold with the fewest errors: the middle of its gap, the lowest of equal ones. */
  boundary: number;
  /** Share of the answers that the boundary predicts wrongly. Every result that rests on scores reports it. */
  disagreement: number;
  n: number;
}

/** @returns null if the answers are all of one kind: then there is nothing to tell apart */
export function learnBoundary(answers: readonly Scored[]): Boundary | null {
  const sorted = [...answers].sort((a, b) => a.score - b.score);
  const refusals = sorted.filter(({ refuses }) => refuses).length;
  if (refusals === 0 || refusals === sorted.length) return null;
  // Below the first answer nothing is called compliant: every other answer is an error.
  let errors = sorted.length - refusals;
  let best = { errors: Infinity, boundary: NaN };
  sorted.forEach(({ score, refuses }, i) => {
    errors += refuses ? 1 : -1;
    const next = sorted[i + 1]?.score;
    if (next === undefined || next === score) return;
    if (errors < best.errors) best = { errors, boundary: (score + next) / 2 };
  });
  return Number.isNaN(best.boundary)
    ? null
    : { boundary: best.boundary, disagreement: best.errors / sorted.length, n: sorted.length };
}
