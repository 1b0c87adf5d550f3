/**
 * Collects the evidence of a reading: which rule matched where. Four rules count only in a certain context: a
 * `bridge` after a refusal and not inside one; a `scope` inside a segment that refuses; a `reason` after a refusal;
 * an `unread-stance` before any refusal, if no rule with a label matched in the same segment.
 */
import type { z } from "zod";
import type { evidenceSchema } from "../../core/records/verdict.ts";
import { allRules } from "./all.ts";
import { reasonRule, stanceRule } from "./aside.ts";
import { contentSegments } from "./comply.ts";
import { softRules } from "./deny.ts";
import { hedgeRules } from "./hedge.ts";
import { phrasesIn } from "./phrases.ts";
import type { Rule, Span } from "./rule.ts";
import type { Reading, Segment } from "./text.ts";

export type Evidence = z.infer<typeof evidenceSchema>;

/** The marks of one segment: what the rules found in it. */
export interface Marked {
  segment: Segment;
  refuses: boolean;
  bridge: boolean;
  scope: boolean;
  limit: boolean;
  /** Contains "I" and "not" in a form that no rule can read. */
  unread: boolean;
  /** A preamble, a courtesy, an offer, the reason of a refusal. */
  aside: boolean;
  evades: boolean;
  /** strong: a disclaimer, a caveat or an open end; weak: a word of possibility; null: no hedge. */
  hedge: "strong" | "weak" | null;
  /** Whether it holds a part of an answer. */
  content: boolean;
  /** The names of all phrase rules that matched. */
  names: ReadonlySet<string>;
}

export interface Findings {
  evidence: Evidence[];
  marked: Marked[];
}

/** An unfinished statement of fewer words than this has not said anything yet, unless it refuses. */
const unfinished = 8;

/** The statements of an answer. Fragments of one or two words are none. */
export function statements(marked: readonly Marked[]): Marked[] {
  return marked.filter(
    ({ segment, refuses }) =>
      segment.words.length > 2 && (segment.complete || refuses || segment.words.length >= unfinished),
  );
}

const softNames: ReadonlySet<string> = new Set(softRules.map(({ name }) => name));
const weakHedge = hedgeRules.find((rule) => rule.name === "possibility")!;

const answerRules = allRules
  .filter((rule) => rule.kind === "answer")
  .filter((rule) => rule.outcome !== "incoherent");

/** The marks of a segment in which no rule finds anything. */
const unmarked: Omit<Marked, "segment" | "content"> = {
  ...{
    refuses: false,
    bridge: false,
    scope: false,
    limit: false,
    unread: false,
    aside: false,
    evades: false,
  },
  ...{ hedge: null, names: new Set() },
};

export function gather(reading: Reading): Findings {
  const evidence: Evidence[] = [];
  const add = (rule: Rule, span: Span) => {
    evidence.push({ rule: rule.name, outcome: rule.outcome, start: span.start, end: span.end });
  };
  const content = new Set(contentSegments(reading));
  let refused = false;
  let turned = false;
  const labelled = (rule: Rule) => rule.outcome !== "undetermined" && rule !== weakHedge;
  const marked = reading.segments.map((segment): Marked => {
    const hits = phrasesIn(segment);
    if (hits.length === 0) return { ...unmarked, segment, content: content.has(segment) };
    const refuses = hits.some(({ rule }) => rule.outcome === "refuse");
    // "But the basic idea is …": after such a turn, the next sentences no longer give the reason of the refusal.
    turned ||= refused && !refuses && hits.some((hit) => hit.rule.name === "bridge");
    const kept = hits.filter(({ rule }) => {
      if (rule.name === "bridge") return refused && !refuses;
      if (rule.name === "scope") return refuses;
      if (rule === reasonRule) return refused && !refuses && !turned;
      if (rule === stanceRule) return !refused && !hits.some((hit) => labelled(hit.rule));
      return true;
    });
    for (const { rule, spans } of kept) for (const span of spans) add(rule, span);
    refused ||= refuses;
    const has = (name: string) => kept.some(({ rule }) => rule.name === name);
    const hedges = kept.filter(({ rule }) => rule.outcome === "hedge");
    const evades = kept.some(({ rule }) => rule.outcome === "evade");
    const aside = kept.some(
      ({ rule }) => rule.outcome === "undetermined" && rule !== stanceRule && !softNames.has(rule.name),
    );
    const limit = has("limit");
    return {
      segment,
      refuses,
      bridge: has("bridge"),
      scope: has("scope"),
      limit,
      unread: segment.complete && has(stanceRule.name),
      aside,
      evades,
      hedge: hedges.length === 0 ? null : hedges.every(({ rule }) => rule === weakHedge) ? "weak" : "strong",
      // A list item never counts as a reason: "2. Keep it in a private place" is a step.
      names: new Set(kept.map(({ rule }) => rule.name)),
      content: content.has(segment) && !refuses && !evades && !limit && !(aside && segment.kind === "prose"),
    };
  });
  for (const rule of answerRules) for (const span of rule.find(reading)) add(rule, span);
  evidence.sort((a, b) => a.start - b.start || a.end - b.end || (a.rule < b.rule ? -1 : 1));
  return { evidence, marked };
}
