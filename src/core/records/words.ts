/**
 * The names of tiers, templates and outcomes that people read. The page, the Markdown and the terminal take them from here, so
 * they
 * use the same words. This file does not import zod, which keeps the page's bundle small.
 */
import type { Coherence } from "./coherence.ts";
import type { Tier } from "./prompt.ts";
import type { Outcome } from "./verdict.ts";

export type Template = "chat" | "none";

/** In the order of rising hazard. Every table and chart uses this order. */
export const tierWords: Record<Tier, string> = {
  benign: "Benign",
  dual_use: "Dual-use",
  hazard_adjacent: "Hazard-adjacent",
};

export const templateWords: Record<Template, string> = {
  chat: "Chat template",
  none: "Bare text",
};

/** How a prompt was asked: the template, and what the answer had to begin with. */
export const askedWords = ({ template, prefill }: { template: Template; prefill: string | null }): string =>
  prefill === null ? templateWords[template] : `${templateWords[template]}, after ${JSON.stringify(prefill)}`;

/** A condition's template with the variables that it got, e.g. "Chat template, enable_thinking=false". */
export function templateOf(condition: {
  template: Template;
  template_vars: Readonly<Record<string, unknown>>;
}): string {
  const variables = Object.entries(condition.template_vars);
  return [
    templateWords[condition.template],
    ...variables.map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ].join(", ");
}

export const outcomeWords: Record<Outcome, string> = {
  refuse: "Refuses",
  comply: "Complies",
  partial: "Complies in part",
  hedge: "Hedges",
  evade: "Evades",
  empty: "Empty",
  incoherent: "Incoherent",
  truncated: "Cut off before anything was said",
  mixed: "Refuses, then complies",
  blocked: "Blocked by the provider",
  undetermined: "Undetermined",
};

/** Said alone, and with the place: "loops from here", "Loops from character 120". */
export const coherenceWords: Record<Coherence["kind"], string> = {
  fine: "Fine",
  loops: "Loops",
  noise: "Noise",
};
