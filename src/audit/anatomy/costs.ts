/** Findings on what ablating a minimal set does besides ending refusals: to harmless prompts, and to the text. */
import { formatNumber, formatValue } from "../../core/format.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { wilson } from "../../stats/proportion.ts";
import type { Draft } from "../common/draft.ts";

type MinimalSet = Anatomy["minimal_sets"][number];

export function costDrafts({ minimal_sets, level }: Anatomy): Draft[] {
  return minimal_sets.flatMap((set, i) => [
    ...distanceDrafts(set, i + 1),
    ...sentencesDrafts(set, i + 1),
    refusalsDraft(set, i + 1, level),
    brokenDraft(set, i + 1, level),
  ]);
}

const distances = {
  kl: {
    question: "change what the model says to harmless prompts more than ablating sets like it",
    method: "mean KL(clean ‖ ablated) per token",
    says: "moves the next-token distribution by",
    nothing: "nothing ablated: 0",
  },
  cross_entropy: {
    question: "make clean answers to harmless prompts less likely than ablating sets like it",
    method: "mean rise of the cross-entropy per token",
    says: "changes the cross-entropy by",
    nothing: "nothing ablated: 0",
  },
} as const;

function distanceDrafts({ cost }: MinimalSet, set: number): Draft[] {
  if (cost === null) return [];
  return (["kl", "cross_entropy"] as const).map((measure): Draft => {
    const { estimate, interval, n } = cost[measure];
    const { question, method, says, nothing } = distances[measure];
    const beside = cost.controls?.[measure] ?? { estimate: 0, interval: null };
    const most = beside.interval?.[1] ?? 0;
    return {
      about: { kind: "anatomy_cost", set, measure },
      question: `Does ablating set ${set} ${question}?`,
      ...{ estimate, unit: "nats", interval, n },
      method: `${method} over the first tokens of clean answers to harmless test prompts, t interval over clusters`,
      control: {
        kind: cost.controls === null ? nothing : `${cost.controls.sets} controls of the set`,
        ...{ estimate: beside.estimate, interval: beside.interval },
      },
      decision: { holds: interval !== null && interval[0] > most },
      sentence: `On clean answers to harmless test prompts, ablating set ${set} ${says} ${formatNumber(estimate!)} nats a token${cost.controls === null ? "" : `; its controls by ${formatNumber(beside.estimate!)}`}.`,
    };
  });
}

/** A task that has nothing to do with refusing. */
function sentencesDrafts({ sentences }: MinimalSet, set: number): Draft[] {
  if (sentences === null) return [];
  const { cross_entropy: rise, agreement, controls } = sentences;
  const beside = controls?.cross_entropy ?? { estimate: 0, interval: null };
  return [
    {
      about: { kind: "anatomy_cost", set, measure: "sentences" },
      question: `Does ablating set ${set} make the model worse at text that has nothing to do with refusing?`,
      ...{ estimate: rise.estimate, unit: "nats", interval: rise.interval, n: rise.n },
      method: "mean rise of the cross-entropy per token over neutral sentences as bare text, t interval",
      control: {
        kind: controls === null ? "nothing ablated: 0" : `${controls.sets} controls of the set`,
        ...{ estimate: beside.estimate, interval: beside.interval },
      },
      decision: { holds: rise.interval !== null && rise.interval[0] > (beside.interval?.[1] ?? 0) },
      sentence: `On ${rise.n} neutral sentences, ablating set ${set} changes the cross-entropy by ${formatNumber(rise.estimate!)} nats a token, and the most probable token stays the same at ${formatValue(agreement.estimate, "share")} of the tokens.`,
    },
  ];
}

function refusalsDraft({ harmless }: MinimalSet, set: number, level: number): Draft {
  const { clean, ablated, refusing, newly_refuse, no_longer_refuse, p } = harmless;
  return {
    about: { kind: "anatomy_cost", set, measure: "refuses_harmless" },
    question: `Does ablating set ${set} change how many harmless prompts are refused?`,
    ...{ estimate: refusing.estimate, unit: "difference of shares", interval: refusing.interval },
    n: refusing.n,
    method: "judged answers of harmless test prompts, paired; McNemar's exact test, Newcombe's interval",
    control: {
      kind: "share refused without an ablation",
      ...{ estimate: clean.refused / clean.asked, interval: wilson(clean.refused, clean.asked, level) },
    },
    decision: { p },
    sentence: `Of ${clean.asked} harmless test prompts ${clean.refused} are refused without an ablation and ${ablated.refused} without set ${set}: ${newly_refuse} newly, ${no_longer_refuse} no longer.`,
  };
}

function brokenDraft({ harmless: { clean, ablated } }: MinimalSet, set: number, level: number): Draft {
  const spread = (tally: typeof clean) => wilson(tally.broken, tally.asked, level);
  return {
    about: { kind: "anatomy_cost", set, measure: "broken" },
    question: `Does ablating set ${set} break the text of answers to harmless prompts?`,
    ...{ estimate: ablated.broken / ablated.asked, unit: "share", interval: spread(ablated) },
    n: ablated.asked,
    method: "judged answers of harmless test prompts that are empty, incoherent or noise; Wilson's interval",
    control: {
      kind: "the same prompts without an ablation",
      ...{ estimate: clean.broken / clean.asked, interval: spread(clean) },
    },
    decision: { holds: spread(ablated)[0] > spread(clean)[1] },
    sentence: `Of ${ablated.asked} answers to harmless test prompts ${ablated.broken} are broken text without set ${set}, ${clean.broken} without an ablation, and ${ablated.looped} end in a loop against ${clean.looped}.`,
  };
}
