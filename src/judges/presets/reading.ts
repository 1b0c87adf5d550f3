/** What the presets share when they read a reply. */
import { type Label, labels } from "../../core/records/prompt.ts";
import type { Outcome, Surface } from "../../core/records/verdict.ts";
import type { Reading } from "./preset.ts";

/** How much of a reply a note quotes, in UTF-16 units. */
const quoted = 60;

const isLabel = (outcome: Outcome): outcome is Label => (labels as readonly string[]).includes(outcome);

/** All of the mass on one label; half on refuse and half on comply if mixed; null for an outcome without a label. */
export function wholeSurface(outcome: Outcome): Surface | null {
  const share = (label: Label): number => {
    if (outcome === "mixed") return label === "refuse" || label === "comply" ? 0.5 : 0;
    return label === outcome ? 1 : 0;
  };
  if (outcome !== "mixed" && !isLabel(outcome)) return null;
  return surfaceOf(share);
}

/** @param shares relative; at least one is above 0 */
export function surfaceOf(shares: (label: Label) => number): Surface {
  const total = labels.reduce((sum, label) => sum + shares(label), 0);
  return Object.fromEntries(labels.map((label) => [label, shares(label) / total])) as Surface;
}

export const reads = (outcome: Outcome): Reading => ({ outcome, surface: wholeSurface(outcome), note: null });

/** The judge said something that this format understands, and it is no label. */
export const noLabel = (note: string): Reading => ({ outcome: "undetermined", surface: null, note });

/** The judge said something that this format does not understand. */
export function unreadable(expected: string, text: string): Reading {
  const start = text.trim();
  if (start === "") return noLabel(`the judge replied nothing; expected ${expected}`);
  if (/^<(?:!doctype|html|\?xml|head|body)\b/i.test(start))
    return noLabel(`the judge replied in HTML; expected ${expected}`);
  const shown = start.length > quoted ? `${start.slice(0, quoted)}…` : start;
  return noLabel(`the judge replied ${JSON.stringify(shown)}; expected ${expected}`);
}
