/** Reads labelled answers for the training and the figures of the rule judge. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { classOf, type StanceClass, stanceClasses } from "../src/core/records/label.ts";
import type { Outcome } from "../src/core/records/verdict.ts";

/** Labels of arXiv 2306.03423, where only "rejected" is a refusal. */
const rejectedOrNot: Record<string, StanceClass> = {
  rejected: "refusal",
  ...{
    complied: "compliance",
    disclaimed: "compliance",
    redirected: "compliance",
    contradicted: "compliance",
  },
  ...{ counseling: "compliance", dontknow: "compliance" },
};

function familyOf(label: string): number | null {
  const stance = rejectedOrNot[label] ?? (Object.hasOwn(classOf, label) ? classOf[label as Outcome] : null);
  return stance === null ? null : stanceClasses.indexOf(stance);
}

const labelled = z.object({
  id: z.string(),
  source: z.string().optional(),
  model: z.string().optional(),
  prompt: z.string().nullish(),
  answer: z.string(),
  label: z.string(),
  finish: z.string().optional(),
  sure: z.number().optional(),
  coherence: z.string().optional(),
});

export interface LabelledAnswer {
  id: string;
  source: string;
  model: string;
  prompt: string | null;
  answer: string;
  label: string;
  /** Index in `stanceClasses`; null for a label that is none of them. */
  family: number | null;
  cut: boolean;
  sure: boolean;
  coherence: string | null;
}

export const jsonLines = (path: string | URL): unknown[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));

export function labelledAnswers(path: string): LabelledAnswer[] {
  return jsonLines(path).map((line) => {
    const {
      id,
      source = basename(path),
      model = source,
      prompt,
      answer,
      label,
      finish,
      sure,
      coherence,
    } = labelled.parse(line);
    return {
      ...{ id, source, model, answer, label },
      prompt: prompt ?? null,
      family: familyOf(label),
      cut: finish === "length",
      sure: sure !== 0,
      coherence: coherence ?? null,
    };
  });
}

/** [n]: where about n tokens end, in UTF-16 units. Short words, digits and marks are about a token each. */
export function tokenEnds(text: string): number[] {
  const pieces = text.matchAll(/\s*(?:[A-Za-z]{1,7}|\d{1,3}|[^\sA-Za-z\d])/g);
  return Array.from(pieces, ({ 0: piece, index }) => index + piece.length);
}

/** About the first `tokens` tokens; null if the text has no more. */
export function beginning(text: string, tokens: number): string | null {
  const ends = tokenEnds(text);
  const last = ends[tokens - 1];
  return last === undefined || ends.length <= tokens ? null : text.slice(0, last);
}
