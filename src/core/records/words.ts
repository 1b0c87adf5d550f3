/**
 * The names of tiers, templates and outcomes that people read. The page, the Markdown and the terminal take them from here, so
 * they
 * use the same words. This file does not import zod, which keeps the page's bundle small.
 */
import type { Coherence } from "./coherence.ts";
import type { OtherTurn } from "./fields/turns.ts";
import type { Condition, OtherSystem } from "./observation.ts";
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

/** What was changed where a prompt was asked again. Of a plain answer nothing was: null, "user" and null. */
export interface AskedAgain extends Pick<Condition, "prefill" | "turn"> {
  other_system: OtherSystem | null;
}

export const turnWords: Record<OtherTurn, string> = {
  "no-generation-prompt": "without a generation prompt",
  assistant: "in an assistant turn",
  system: "in a system turn",
};

/** A system prompt is quoted up to here. Its number tells it from others. */
const quotedLength = 60;

export function systemWords({ n, system }: OtherSystem): string {
  if (system === null) return "without a system prompt";
  const quoted = system.length > quotedLength ? `${system.slice(0, quotedLength).trimEnd()}…` : system;
  return `with system prompt ${n}, ${JSON.stringify(quoted)}`;
}

/** How a prompt was asked again, e.g. "in a system turn"; null for a plain answer. */
export function againWords({ prefill, turn, other_system }: AskedAgain): string | null {
  if (prefill !== null) return `after ${JSON.stringify(prefill)}`;
  if (other_system !== null) return systemWords(other_system);
  return turn === "user" ? null : turnWords[turn];
}

/** The two sides on which the same prompts are compared: the plain answers, and those to prompts that were asked again. */
export function sideWords(again: AskedAgain, plainSystem: string | null): [plain: string, again: string] {
  return [plainWords(again, plainSystem), againWords(again) ?? ""];
}

function plainWords({ prefill, turn, other_system }: AskedAgain, plainSystem: string | null): string {
  if (prefill !== null) return "without a prefill";
  if (other_system !== null)
    return plainSystem === null ? "without a system prompt" : "with the run's own system prompt";
  return turn === "no-generation-prompt" ? "with a generation prompt" : "in the user's turn";
}

/** How a prompt was asked: the template, and what was changed where it was asked again. */
export function askedWords({ template, ...again }: AskedAgain & { template: Template }): string {
  const words = againWords(again);
  return words === null ? templateWords[template] : `${templateWords[template]}, ${words}`;
}

/** A condition's template with its turn and the variables that it got, e.g. "Chat template, enable_thinking=false". */
export function templateOf({
  template,
  turn,
  template_vars,
}: Pick<Condition, "template" | "turn" | "template_vars">): string {
  const variables = Object.entries(template_vars);
  return [
    templateWords[template],
    ...(turn === "user" ? [] : [turnWords[turn]]),
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
