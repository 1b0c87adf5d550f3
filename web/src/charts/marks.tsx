/** Shape and colour of each tier, in charts and legends. The colours are Okabe–Ito's and are set in styles/base.css. */
import type { Tier } from "../../../src/core/records/prompt.ts";
import { tierWords } from "../../../src/core/records/words.ts";

export const tierMarks = {
  benign: { symbol: "circle", colour: "var(--benign)", path: "M0-5A5 5 0 1 1 0 5 5 5 0 1 1 0-5Z" },
  dual_use: { symbol: "triangle", colour: "var(--dual-use)", path: "M0-6 5.8 4.5H-5.8Z" },
  hazard_adjacent: { symbol: "square", colour: "var(--hazard)", path: "M-4.6-4.6H4.6V4.6H-4.6Z" },
} as const satisfies Record<Tier, { symbol: string; colour: string; path: string }>;

export const tierOrder = Object.keys(tierWords) as Tier[];

export function TierMark({ tier }: { tier: Tier }) {
  const { path, colour } = tierMarks[tier];
  return (
    <svg className="tier-mark" viewBox="-7 -7 14 14" width="12" height="12" aria-hidden="true">
      <path d={path} fill={colour} />
    </svg>
  );
}

interface LegendProps {
  tiers: readonly Tier[];
  /** Short phrases that explain the other signs of the chart. */
  notes: readonly string[];
}

export function Legend({ tiers, notes }: LegendProps) {
  return (
    <ul className="legend">
      {tiers.map((tier) => (
        <li key={tier}>
          <TierMark tier={tier} /> {tierWords[tier]}
        </li>
      ))}
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
