/** The findings of an anatomy, made from anatomy.json alone. */
import { formatNumber } from "../../core/format.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import type { Finding } from "../../core/records/finding.ts";
import { wilson } from "../../stats/proportion.ts";
import { type Draft, missing, settle } from "../common/draft.ts";
import { costDrafts } from "./costs.ts";
import { redundancyDrafts } from "./redundancy.ts";
import { setDrafts } from "./sets.ts";
import { answers } from "./words.ts";

export function anatomyFindings(anatomy: Anatomy): Finding[] {
  const { level } = anatomy;
  return [
    ...settle("anatomy: direction", directionDrafts(anatomy), level),
    ...settle("anatomy: features", [...ceilingDrafts(anatomy), ...setDrafts(anatomy)], level),
    ...settle("anatomy: redundancy", redundancyDrafts(anatomy), level),
    ...settle("anatomy: cost", costDrafts(anatomy), level),
  ];
}

type Direction = NonNullable<Anatomy["direction"]>;

function directionDrafts({ direction, prompts, outcome }: Anatomy): Draft[] {
  const effects = {
    bypass: "Does the model stop refusing without one direction of its residual stream?",
    induce: "Does the model refuse harmless prompts when the direction is added?",
  } as const;
  return (["bypass", "induce"] as const).map((effect) => {
    const about = { kind: "anatomy_direction", effect } as const;
    const question = effects[effect];
    if (direction === null)
      return missing({
        ...{ about, question, unit: "log-odds", n: prompts.harmful.refused },
        reason:
          outcome === "no refusal to take apart"
            ? "undetermined: the model refuses none of these prompts."
            : "undetermined: every direction lies too deep for the filter.",
      });
    return directionDraft(about, question, direction);
  });
}

function directionDraft(
  about: { kind: "anatomy_direction"; effect: "bypass" | "induce" },
  question: string,
  { layer, position, clean, random }: Direction,
): Draft {
  const { chosen, random: others, p } = random[about.effect];
  const [done, side, before] =
    about.effect === "bypass"
      ? (["Ablating", "harmful", clean.harmful] as const)
      : (["Adding", "harmless", clean.harmless] as const);
  const place = layer === -1 ? "the embedding" : `block ${layer}`;
  return {
    ...{ about, question, estimate: chosen, unit: "log-odds", interval: null },
    n: random.directions,
    method: `mean refusal score over ${side} validate prompts, beside random directions of equal norm`,
    control: { kind: "random directions of equal norm", estimate: others.mean, interval: others.interval },
    decision: { p },
    sentence: `${done} the direction after ${place}, position ${formatNumber(position)}, takes the refusal score of ${side} prompts from ${formatNumber(before)} to ${formatNumber(chosen)}; random directions leave it at ${formatNumber(others.mean)}.`,
  };
}

function ceilingDrafts({ ceiling, level, sites, outcome }: Anatomy): Draft[] {
  if (ceiling === null || ceiling.asked === 0) return [];
  const candidates = sites.reduce((sum, site) => sum + site.candidates, 0);
  const share = ceiling.complied / ceiling.asked;
  return [
    {
      about: { kind: "anatomy_ceiling" },
      question: "Do the refusals come apart when every candidate feature is ablated?",
      ...{ estimate: share, unit: "share", n: ceiling.asked },
      interval: wilson(ceiling.complied, ceiling.asked, level),
      method: "judged answers of refused fit prompts, Wilson's interval",
      control: { kind: "the same prompts without an ablation: all refuse", estimate: 0, interval: null },
      decision: { holds: outcome === "found" },
      sentence: `With all ${candidates} candidate features ablated, ${ceiling.complied} of ${ceiling.asked} refused prompts comply, ${ceiling.refused} still refuse and ${answers(ceiling.broken)} broken text.`,
    },
  ];
}
