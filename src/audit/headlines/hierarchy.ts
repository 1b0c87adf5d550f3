/**
 * The primary questions in their declared order, tested before everything that is only explored. First whether the model refuses
 * hazards more than their benign partners, and whether it over-refuses; if it refuses, what refusals survive, and whether the inside
 * agrees. A family is corrected by Holm and keeps an error rate of 1 − level.
 */
import type { About } from "../../core/records/about.ts";
import { idOf } from "../../core/records/finding-id.ts";
import { gatekeeping } from "../../stats/multiple/gatekeeping.ts";
import { holm } from "../../stats/multiple/holm.ts";
import { type Answers, largestCap } from "../common/answers.ts";
import type { Decided, Draft, Family } from "../common/draft.ts";

/** What the hierarchy decided, by the id of the finding that a headline rests on. */
export interface Hierarchy {
  /** Whether each effect is there. */
  effects: Decided;
  /** Of the families that were tested: the corrected p that an effect is as large as the headlines' margin. */
  small: ReadonlyMap<string, number>;
}

const gate = idOf({ kind: "discrimination" });
/** In the order in which they are tested. */
const gates: Record<Family, readonly string[]> = { refusing: [], surviving: [gate], inside: [gate] };

/** The family of the hierarchy that a finding belongs to; null: it is explored. */
function familyOf(run: Answers, about: About): Family | null {
  const { kind } = about;
  if (kind === "discrimination") return "refusing";
  if (kind === "refusal_rate") {
    const isMain = about.tier === "benign" && about.template === run.main && about.cap === largestCap(run);
    return isMain ? "refusing" : null;
  }
  if (kind === "template_effect" || kind === "cap_effect")
    return about.tier === "hazard_adjacent" ? "surviving" : null;
  if (kind === "framing_effect") return "surviving";
  if (kind === "prefill_effect") return about.opening === "comply" ? "surviving" : null;
  return kind === "divergence_permutation" && about.beside !== true ? "inside" : null;
}

/** @param drafts of all groups; those outside the hierarchy are passed over */
export function hierarchyOf(run: Answers, drafts: readonly Draft[]): Hierarchy {
  const primary = drafts.flatMap(({ about, decision }) => {
    const family = familyOf(run, about);
    return family === null || decision === "undetermined" || !("p" in decision)
      ? []
      : [{ name: idOf(about), family, p: decision.p, small: decision.small ?? 1 }];
  });
  const isThere = (name: string) => primary.some((one) => one.name === name);
  const families = (Object.keys(gates) as Family[])
    // A gate that could not be measured stays closed.
    .filter((family) => gates[family].every(isThere))
    .map((name) => ({
      name,
      gate: gates[name],
      hypotheses: primary.filter(({ family }) => family === name),
    }));
  const effects = gatekeeping(families, 1 - run.level);
  const small = families.flatMap(({ hypotheses }) => {
    const open = hypotheses.filter(({ name }) => effects.get(name)!.adjusted !== null);
    const adjusted = holm(open.map((one) => one.small));
    return open.map(({ name }, i) => [name, adjusted[i]!] as const);
  });
  return { effects, small: new Map(small) };
}
