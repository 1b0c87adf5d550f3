/**
 * What tiers, templates and outcomes are called in front of people. The page, the Markdown and the terminal say the
 * same words because they take them from here. No zod: the page's bundle stays small.
 */
import type { Tier } from "./prompt.ts";
import type { Outcome } from "./verdict.ts";

export type Template = "chat" | "none";

/** In the order of rising hazard, which is the order of every table and chart. */
export const tierWords: Record<Tier, string> = {
  benign: "Benign",
  dual_use: "Dual-use",
  hazard_adjacent: "Hazard-adjacent",
};

export const templateWords: Record<Template, string> = {
  chat: "Chat template",
  none: "Bare text",
};

export const outcomeWords: Record<Outcome, string> = {
  refuse: "Refuses",
  comply: "Complies",
  partial: "Complies in part",
  hedge: "Hedges",
  evade: "Evades",
  empty: "Empty",
  incoherent: "Incoherent",
  truncated: "Cut off too early to judge",
  mixed: "Refuses, then complies",
  blocked: "Blocked by the provider",
  undetermined: "Undetermined",
};
