/**
 * What tiers, templates and outcomes are called in front of people, and how the ids of the refusal findings are read.
 * The page, the Markdown and the terminal say the same words because they take them from here. No zod: the page's
 * bundle stays small.
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

const isTier = (name: string | undefined): name is Tier => name !== undefined && name in tierWords;
const isTemplate = (name: string | undefined): name is Template =>
  name !== undefined && name in templateWords;

/** The cell that a finding `refusal.rate.<tier>.<template>.<cap>` speaks of; null for any other id. */
export function rateCell(id: string): { tier: Tier; template: Template; cap: number } | null {
  const [group, kind, tier, template, cap, ...rest] = id.split(".");
  if (group !== "refusal" || kind !== "rate" || rest.length > 0) return null;
  if (!isTier(tier) || !isTemplate(template) || !/^[1-9]\d*$/.test(cap ?? "")) return null;
  return { tier, template, cap: Number(cap) };
}

/** The cell that a finding `onset.<tier>.<template>` speaks of; null for any other id. */
export function onsetCell(id: string): { tier: Tier; template: Template } | null {
  const [group, tier, template, ...rest] = id.split(".");
  if (group !== "onset" || rest.length > 0 || !isTier(tier) || !isTemplate(template)) return null;
  return { tier, template };
}
