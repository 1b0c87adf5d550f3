/** Findings on minimal sets: prompts that they flip, and the score, each beside controls. */
import { formatNumber, formatValue } from "../../core/format.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { wilson } from "../../stats/proportion.ts";
import { type Draft, missing } from "../common/draft.ts";
import { answers, howMany } from "./words.ts";

export function setDrafts({ minimal_sets, level }: Anatomy): Draft[] {
  return minimal_sets.flatMap((set, i) => [
    flipDraft(set, i + 1, level),
    ...atMeanDrafts(set, i + 1, level),
    ...effectDrafts(set, i + 1),
  ]);
}

type MinimalSet = Anatomy["minimal_sets"][number];

function flipDraft({ features, flips, test, control }: MinimalSet, set: number, level: number): Draft {
  const about = { kind: "anatomy_minimal_set", set } as const;
  const question = `Do refusals of prompts that the search never saw end without the features of set ${set}?`;
  if (test === null || flips.estimate === null)
    return missing({
      ...{ about, question, unit: "share" },
      reason: "undetermined: no test prompt refuses, so the set was not tested on new prompts.",
    });
  const judged = control?.judged ?? null;
  const clean = { estimate: 0, interval: wilson(0, test.asked, level) };
  return {
    ...{ about, question, estimate: flips.estimate, unit: "share", interval: flips.interval, n: flips.n },
    method: "judged answers of refused test prompts, Wilson's interval",
    control:
      judged === null
        ? { kind: "the same prompts without an ablation", ...clean }
        : { kind: control!.kind, estimate: judged.flips.estimate, interval: judged.flips.interval },
    decision: judged?.p == null ? { holds: flips.interval![0] > clean.interval[1] } : { p: judged.p },
    sentence: `Without ${howMany(features.length)}, ${test.complied} of ${test.asked} refused test prompts comply, and ${answers(test.broken)} broken text${judged === null ? "" : `; ${controls(control!.kind, judged.sets)} flip ${formatNumber(100 * (judged.flips.estimate ?? 0))}% of theirs`}.`,
  };
}

/** Zero is one value among many: a part that matters ends refusals too where it is held at what harmless prompts have. */
function atMeanDrafts({ features, flips, at_mean }: MinimalSet, set: number, level: number): Draft[] {
  if (at_mean === null) return [];
  const { test, flips: own } = at_mean;
  return [
    {
      about: { kind: "anatomy_set_at_mean", set },
      question: `Do refusals of new prompts end too if the features of set ${set} are held at their mean over harmless prompts?`,
      ...{ estimate: own.estimate, unit: "share", interval: own.interval, n: own.n },
      method: "judged answers of refused test prompts, Wilson's interval",
      control: { kind: "ablated to zero", estimate: flips.estimate, interval: flips.interval },
      decision: { holds: own.interval![0] > wilson(0, test.asked, level)[1] },
      sentence: `With ${howMany(features.length)} held at the mean over harmless prompts, ${test.complied} of ${test.asked} refused test prompts comply, and ${answers(test.broken)} broken text; with zero ${formatValue(flips.estimate, "share")} comply.`,
    },
  ];
}

/** By score many more controls can be measured than by judged answers. */
function effectDrafts({ features, control }: MinimalSet, set: number): Draft[] {
  if (control === null || control.proxy.p === null || control.proxy.set.estimate === null) return [];
  const { sets, set: own, effect, p } = control.proxy;
  return [
    {
      about: { kind: "anatomy_set_effect", set },
      question: `Do the features of set ${set} lower the refusal score more than sets like it?`,
      ...{ estimate: own.estimate, unit: "log-odds", interval: own.interval, n: own.n },
      method: `mean fall of the refusal score of refused test prompts, t interval over clusters, beside ${sets} controls`,
      control: { kind: control.kind, estimate: effect.estimate, interval: effect.interval },
      decision: { p },
      sentence: `Without ${howMany(features.length)} the refusal score of refused test prompts falls by ${formatNumber(own.estimate!)}; without ${controls(control.kind, sets)} it falls by ${formatNumber(effect.estimate ?? 0)}.`,
    },
  ];
}

/** e.g. `50 matched sets`. */
function controls(
  kind: NonNullable<Anatomy["minimal_sets"][number]["control"]>["kind"],
  sets: number,
): string {
  switch (kind) {
    case "matched sets":
      return `${sets} matched sets`;
    case "all matched sets":
      return `all ${sets} matched sets that there are`;
    case "random directions":
      return `${sets} sets of random directions at the same sites`;
  }
}
