/** Observations and verdicts in, findings out: the one door to the analyses. Same records and seed, same findings. */
import type { Catalog } from "../core/catalog.ts";
import type { Finding } from "../core/finding.ts";
import { type AnalysisInput, joinAnswers } from "./answers.ts";
import { divergenceFindings, labelShareOf } from "./divergence-findings.ts";
import { flagFindings } from "./flags.ts";
import { headlineFindings } from "./headline.ts";
import { type Inside, measureInside } from "./inside.ts";
import { onsetFindings } from "./onset.ts";
import { projectionFindings } from "./projection-findings.ts";
import { refusalFindings } from "./refusal.ts";

/** The inside view of one answer, for a table of answers. */
interface AnswerScore {
  /** Key of the observation. */
  observation: string;
  prompt_id: string;
  /** Divergence in [0, 2]; null where it is undefined. */
  D: number | null;
  /** Pooled activation of each chosen category, in the order of `categories`. */
  f: number[];
}

export interface Analysis {
  /** Headline first, then refusal, onset, divergence, flags, projection. */
  findings: Finding[];
  /** Answers of the scored half under the main template at the largest cap; empty without an SAE. */
  scores: AnswerScore[];
  /** The categories that f holds, and those left out with the reason. */
  categories: { name: string; features: number[] }[];
  left_out: { name: string; reason: string }[];
  /** What the choice of those features rests on; null without an inside view. */
  catalog: Catalog | null;
  /** Why there is no inside view; null where there is one. */
  not_measured: string | null;
}

/** @throws FathomError when records are missing, doubled or of two runs; never drops one to go on. */
export function analysis(input: AnalysisInput): Analysis {
  const run = joinAnswers(input);
  const inside = measureInside(run, input);
  const share = labelShareOf(run, inside);
  const findings = [
    ...refusalFindings(run),
    ...onsetFindings(run),
    ...divergenceFindings(run, inside, share),
    ...flagFindings(run, inside),
    ...(input.projection === true ? projectionFindings(run, inside) : []),
  ];
  const all = [...headlineFindings(run, findings, inside, share), ...findings];
  const caveat = inside.measured ? input.features?.caveat : undefined;
  return {
    findings: caveat === undefined ? all : all.map((finding) => qualified(finding, caveat)),
    ...insideTable(inside),
  };
}

/** A finding of the inside view with what is to be known of its features. */
function qualified(finding: Finding, caveat: string): Finding {
  const { id, group, sentence } = finding;
  const isInside = id === "headline.inside" || ["divergence", "flags", "projection"].includes(group);
  return isInside ? { ...finding, sentence: `${sentence} ${caveat}` } : finding;
}

/** The findings alone. */
export function analyse(input: AnalysisInput): Finding[] {
  return analysis(input).findings;
}

function insideTable(inside: Inside): Omit<Analysis, "findings"> {
  if (!inside.measured)
    return { scores: [], categories: [], left_out: [], catalog: null, not_measured: inside.reason };
  return {
    scores: inside.scored.map(({ answer, D, f }) => ({
      observation: answer.observation.key,
      prompt_id: answer.prompt.id,
      D,
      f,
    })),
    categories: inside.categories.chosen.map(({ category, features }) => ({
      name: category.name,
      features: features.map(({ index }) => index),
    })),
    left_out: inside.categories.left_out,
    catalog: inside.catalog,
    not_measured: null,
  };
}
