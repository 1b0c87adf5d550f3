/**
 * From a reading to its evidence: which rule matched where. Four rules speak only in context, and are evidence only there:
 * a `bridge` after a refusal and not inside one, a `scope` inside a refusing segment, a `reason` after a refusal, an
 * `unread-stance` before any refusal and beside no rule of a label.
 */
import type { z } from "zod";
import type { evidenceSchema } from "../core/records/verdict.ts";
import { reasonRule, stanceRule } from "./rules/aside.ts";
import { contentSegments } from "./rules/comply.ts";
import { hedgeRules } from "./rules/hedge.ts";
import { matchesIn, type Rule, type Span } from "./rules/rule.ts";
import type { Reading, Segment } from "./rules/text.ts";

export type Evidence = z.infer<typeof evidenceSchema>;

/** What the rules found in one segment. */
export interface Marked {
  segment: Segment;
  refuses: boolean;
  bridge: boolean;
  scope: boolean;
  limit: boolean;
  /** Says "I" and "not" in a way that no rule reads. */
  unread: boolean;
  /** A preamble, a courtesy, an offer, the reason of a refusal. */
  aside: boolean;
  evades: boolean;
  /** strong: disclaimers, caveats, open ends; weak: a word of possibility. */
  hedge: "strong" | "weak" | null;
  /** Carries an answer. */
  content: boolean;
}

export interface Findings {
  evidence: Evidence[];
  marked: Marked[];
}

const weakHedge = hedgeRules.find((rule) => rule.name === "possibility")!;

export function gather(reading: Reading, rules: readonly Rule[]): Findings {
  const evidence: Evidence[] = [];
  const add = (rule: Rule, span: Span) => {
    evidence.push({ rule: rule.name, outcome: rule.outcome, start: span.start, end: span.end });
  };
  const content = new Set(contentSegments(reading));
  let refused = false;
  let turned = false;
  const labelled = (rule: Rule) => rule.outcome !== "undetermined" && rule !== weakHedge;
  const marked = reading.segments.map((segment): Marked => {
    const hits = rules
      .filter((rule) => rule.kind === "phrase")
      .map((rule) => ({ rule, spans: matchesIn(rule, segment) }))
      .filter(({ spans }) => spans.length > 0);
    const refuses = hits.some(({ rule }) => rule.outcome === "refuse");
    // "But the basic idea is …": after a turn, what follows is no longer the reason of the refusal.
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
    const aside = kept.some(({ rule }) => rule.outcome === "undetermined" && rule !== stanceRule);
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
      // A list item is not taken for a reason: "2. Keep it in a private place" is a step.
      content: content.has(segment) && !refuses && !evades && !limit && !(aside && segment.kind === "prose"),
    };
  });
  for (const rule of rules)
    if (rule.kind === "answer") for (const span of rule.find(reading)) add(rule, span);
  evidence.sort((a, b) => a.start - b.start || a.end - b.end || (a.rule < b.rule ? -1 : 1));
  return { evidence, marked };
}
