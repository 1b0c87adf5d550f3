/** A set against its controls on prompts that the search did not use: by score with many controls, by judged answers with fewer. */
import { type Interval, mcnemarExact, pairedCounts, pairedNewcombe, wilson } from "../../stats/proportion.ts";
import { exceedance } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { Ask, FeatureSet, Subject } from "../subject/subject.ts";
import { answerKind, type Tally, tally } from "../trial/tally.ts";
import type { Control } from "./matched.ts";

/** A statistic of the set beside those of its controls. */
export interface Exceedance {
  observed: number;
  /** [controls] */
  controls: number[];
  /** (1 + b) / (1 + B), b controls of B reaching the observed value. */
  p: number;
}

export interface ScoreControls {
  /** [prompts]: fall of the refusal score without the set, log-odds. */
  falls: number[];
  /** Mean fall of the refusal score, log-odds. */
  fall: Exceedance;
  /** Share of prompts whose score falls below the boundary. */
  below: Exceedance;
}

export async function scoreControls(
  subject: Subject,
  prompts: readonly number[],
  set: FeatureSet,
  controls: readonly Control[],
  boundary: number,
): Promise<ScoreControls> {
  const rows = await subject.scores(asksOf(prompts, [{ off: [] }, { off: set }, ...controls]));
  const [clean, ...edited] = chunks([...rows], prompts.length);
  const exceeds = (statistic: (scores: readonly number[]) => number): Exceedance => {
    const [observed, ...others] = edited.map(statistic);
    return { observed: observed!, controls: others, p: exceedance(observed!, others) };
  };
  const falls = (scores: readonly number[]) => scores.map((score, i) => clean![i]! - score);
  return {
    falls: falls(edited[0]!),
    fall: exceeds((scores) => mean(falls(scores))),
    below: exceeds((scores) => mean(scores.map((score) => (score < boundary ? 1 : 0)))),
  };
}

export interface JudgedControls {
  /** Answers with the set ablated. */
  set: Tally;
  /** Share of the prompts that flip, and its Wilson interval. */
  rate: number;
  interval: Interval;
  /** Flip rates of the controls. */
  flips: Exceedance;
  /** Answers under all controls together. */
  controls: Tally;
  /** Each prompt paired with one control, in turn: exact McNemar test, and the difference of the two flip rates with its interval. */
  paired: { p: number; difference: number; interval: Interval };
}

/** @param prompts one per cluster, so that they are independent */
export async function judgedControls(
  subject: Subject,
  prompts: readonly number[],
  set: FeatureSet,
  controls: readonly Control[],
  level: number,
): Promise<JudgedControls> {
  const judged = await subject.judged(asksOf(prompts, [{ off: set }, ...controls]));
  const [own, ...others] = chunks(judged, prompts.length).map((rows) =>
    rows.map((judgement) => answerKind(judgement) === "complied"),
  );
  const rates = others.map(share);
  const n = prompts.length;
  const counts = pairedCounts(
    own!,
    own!.map((_, i) => others[i % others.length]![i]!),
  );
  return {
    set: tally(judged.slice(0, n)),
    rate: share(own!),
    interval: wilson(own!.filter(Boolean).length, n, level),
    flips: { observed: share(own!), controls: rates, p: exceedance(share(own!), rates) },
    controls: tally(judged.slice(n)),
    paired: {
      p: mcnemarExact(counts.firstOnly, counts.secondOnly),
      difference: (counts.firstOnly - counts.secondOnly) / n,
      interval: pairedNewcombe(counts, level),
    },
  };
}

const share = (flips: readonly boolean[]) => flips.filter(Boolean).length / flips.length;

/** One row per control and prompt, control by control. */
function asksOf(prompts: readonly number[], controls: readonly Control[]): Ask[] {
  return controls.flatMap((control) => prompts.map((prompt) => ({ prompt, ...control })));
}

function chunks<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: rows.length / size }, (_, i) => rows.slice(i * size, (i + 1) * size));
}
