/** Says which findings come near to what a gate names, for a gate that names no finding. */
import { listed } from "../../core/format.ts";
import { nearest } from "../../core/near.ts";
import type { Finding } from "../../core/records/finding.ts";
import type { Gate } from "../../core/results/gate.ts";

/** More would not fit into a line. */
const mostNear = 3;

/** For example `near are {kind: refusal_rate, tier: benign, template: chat, cap: 80} and …`. */
export function nearFindings(about: Gate["about"], findings: readonly Finding[]): string {
  const kinds = [...new Set(findings.map((finding) => finding.about.kind as string))];
  if (kinds.length === 0) return "there is no finding at all";
  const [kind] = kinds.includes(about.kind) ? [about.kind] : nearest(about.kind, kinds, 1);
  const near = findings
    .filter((finding) => finding.about.kind === kind)
    .map((finding, place) => ({ finding, place, shared: sharedKeys(about, finding) }))
    .sort((a, b) => b.shared - a.shared || a.place - b.place)
    .slice(0, mostNear);
  return `near ${near.length === 1 ? "is" : "are"} ${listed(near.map(({ finding }) => inYaml(finding.about)))}`;
}

function sharedKeys(about: Gate["about"], finding: Finding): number {
  const own = finding.about as Record<string, unknown>;
  return Object.entries(about).filter(([key, value]) => own[key] === value).length;
}

/** An `about` as a gate states it, in YAML on one line. */
export const inYaml = (about: object): string =>
  `{${Object.entries(about)
    .map(([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`)
    .join(", ")}}`;
