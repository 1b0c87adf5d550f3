/** Arms that must change nothing, and one that must. They catch an intervention that does not do what it says. */
import type { FeatureSet, Subject } from "../subject/subject.ts";

export interface Arms {
  /** Largest change of a score by an ablation of strength 0: exactly 0. */
  noOp: number;
  /** Largest difference between two runs of the same ablation: exactly 0. */
  repeat: number;
  /** Prompts whose score the ablation moves. 0 where an edit reaches nothing. */
  moved: number;
}

/** @param subject one that keeps no answers, or `repeat` compares an answer with itself */
export async function runArms(subject: Subject, prompts: readonly number[], set: FeatureSet): Promise<Arms> {
  const run = (off: FeatureSet, strength: number) =>
    subject.scores(prompts.map((prompt) => ({ prompt, off, strength })));
  const [clean, noOp, first] = [await run([], 1), await run(set, 0), await run(set, 1)];
  const second = await run(set, 1);
  const largest = (a: Float64Array, b: Float64Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
  return {
    noOp: largest(clean, noOp),
    repeat: largest(first, second),
    moved: first.filter((score, i) => score !== clean[i]).length,
  };
}
