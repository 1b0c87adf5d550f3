/**
 * A panel of judges. Each outcome gets the weight of the votes for it; a vote with a surface vector divides its weight over the
 * labels. The outcome with the most weight wins. A vote "undetermined" is for nothing. Verdicts that a person should look at
 * are marked.
 */
import { type Label, labels } from "../core/records/prompt.ts";
import type { Outcome, ReviewReason, Surface } from "../core/records/verdict.ts";
import type { Judge, JudgedAnswer, Ruling } from "./judge.ts";

export interface Seat {
  judge: Judge;
  /** Above 0. */
  weight: number;
}

export interface Cast {
  weight: number;
  ruling: Pick<Ruling, "outcome" | "surface" | "coherence" | "evidence">;
}

/** Raised when the same votes give another verdict. */
const version = 1;

/** Published (arXiv 2605.30162): a verdict goes to a person if no label has more than this share of the combined vector. */
export const closeShare = 0.6;

/** Weights that differ by less than this are equal: sums of decimal fractions are not exact. */
const equal = 1e-9;

/** Names the panel and its members with their weights; a single judge keeps its own name. */
export function panelName(seats: readonly { judge: Pick<Judge, "name">; weight: number }[]): string {
  const [first, second] = seats;
  if (first !== undefined && second === undefined) return first.judge.name;
  return `panel@${version}(${seats.map(({ judge, weight }) => `${judge.name} x${weight}`).join(", ")})`;
}

/** What the panel says, and why a person should look at it: an empty list if there is no reason. */
export interface PanelRuling extends Ruling {
  review: ReviewReason[];
}

/** @param casts one per member, at least one */
export function combine(casts: readonly Cast[]): PanelRuling {
  const evidence = casts.find(({ ruling }) => ruling.evidence.length > 0)?.ruling.evidence ?? [];
  const coherence = casts.find(({ ruling }) => ruling.coherence !== null)?.ruling.coherence ?? null;
  const voting = casts.filter(({ ruling }) => ruling.outcome !== "undetermined");
  const silent: ReviewReason[] =
    casts.length > 1 && voting.length < casts.length ? ["no label from a judge"] : [];
  const scores = [...scoresOf(voting)].sort((a, b) => b[1] - a[1]);
  const [best, second] = scores;
  const undetermined = { outcome: "undetermined" as const, surface: null, coherence, evidence };
  if (best === undefined) return { ...undetermined, note: null, review: silent };
  if (second !== undefined && best[1] - second[1] < equal) {
    const note = `${best[0]} and ${second[0]} have the same weight`;
    return { ...undetermined, note, review: ["disagreement", "tie", ...silent] };
  }
  const [outcome] = best;
  const surface = combinedSurface(outcome, voting);
  const disagree = new Set(voting.map(({ ruling }) => ruling.outcome)).size > 1;
  const isClose = surface !== null && outcome !== "mixed" && surface[outcome as Label] <= closeShare;
  const review: ReviewReason[] = [
    ...(disagree ? (["disagreement"] as const) : []),
    ...(isClose && casts.length > 1 ? (["close"] as const) : []),
    ...silent,
  ];
  return { outcome, surface, coherence, evidence, note: null, review };
}

const isSpread = ({ outcome, surface }: Cast["ruling"]): boolean => surface !== null && outcome !== "mixed";

/** The weight for each outcome. "Mixed" is an outcome of its own here: half of it is not a vote to refuse. */
function scoresOf(voting: readonly Cast[]): Map<Outcome, number> {
  const scores = new Map<Outcome, number>();
  const add = (outcome: Outcome, weight: number) => {
    if (weight > 0) scores.set(outcome, (scores.get(outcome) ?? 0) + weight);
  };
  for (const { weight, ruling } of voting)
    if (isSpread(ruling)) for (const label of labels) add(label, weight * ruling.surface![label]);
    else add(ruling.outcome, weight);
  return scores;
}

/** The mean of the votes that are for a label, weighted. So the winning label also has the largest share. */
function combinedSurface(outcome: Outcome, voting: readonly Cast[]): Surface | null {
  const own = voting.find(({ ruling }) => ruling.outcome === outcome)?.ruling.surface ?? null;
  if (outcome === "mixed" || !(labels as readonly string[]).includes(outcome)) return own;
  const spread = voting.filter(({ ruling }) => isSpread(ruling));
  const total = spread.reduce((sum, { weight }) => sum + weight, 0);
  const share = (label: Label) =>
    spread.reduce((sum, { weight, ruling }) => sum + weight * ruling.surface![label], 0) / total;
  return Object.fromEntries(labels.map((label) => [label, share(label)])) as Surface;
}

/** The panel as a judge: asks all members about each answer. */
export function panelJudge(seats: readonly Seat[]): Judge {
  return {
    name: panelName(seats),
    async judge(answer: JudgedAnswer, signal: AbortSignal) {
      const casts = await Promise.all(
        seats.map(async ({ judge, weight }) => ({ weight, ruling: await judge.judge(answer, signal) })),
      );
      const { review: _, ...ruling } = combine(casts);
      return ruling;
    },
  };
}
