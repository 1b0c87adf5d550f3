/** The tables of an anatomy, as the page and the Markdown show them. Cells are numbers as text, in the units of the heads. */
import { formatCount, formatInterval, formatNumber, formatProbability, formatValue } from "../core/format.ts";
import type { Anatomy } from "../core/records/anatomy.ts";
import { featureNames, mapFeatures, setNames, siteName, wakesWords } from "./anatomy-features.ts";
import { onFront } from "./anatomy-front.ts";

/** A table: its first cell of each row is the row's header. */
export interface Table {
  head: string[];
  rows: string[][];
}

export interface Estimate {
  estimate: number | null;
  interval: readonly [number, number] | null;
  n: number;
}

/** e.g. `90% [60%, 98%]`; an en dash where there is no estimate. */
export function withInterval({ estimate, interval }: Estimate, unit: string): string {
  return [formatValue(estimate, unit), formatInterval(interval, unit)].filter(Boolean).join(" ");
}

const score = "log-odds";
const orDash = (value: number | null, words: (value: number) => string) =>
  value === null ? "–" : words(value);

export const intervalWords = (level: number): string => `${Math.round(level * 100)}% interval`;

export function sitesTable({ sites }: Anatomy): Table {
  return {
    head: ["SAE", "Read after", "Features", "Searched", "Load gate", "Variance explained"],
    rows: sites.map(({ sae, layer, features, candidates, gate, explained }) => [
      sae,
      siteName(layer),
      formatCount(features),
      formatCount(candidates),
      gate,
      formatValue(explained, "share"),
    ]),
  };
}

type Tally = Anatomy["prompts"]["harmful"];

const tallyHead = ["Answers", "Comply", "Refuse", "Evade", "Broken text", "Other", "End in a loop"];
const tallyCells = ({ asked, complied, refused, evaded, broken, other, looped }: Tally) =>
  [asked, complied, refused, evaded, broken, other, looped].map(String);

/** Judged answers, arm by arm: without an ablation, at the ceiling, without each set. */
export function answersTable(anatomy: Anatomy): Table {
  const { prompts, ceiling, rounds } = anatomy;
  const arms: [string, Tally | null][] = [
    ["Harmful prompts, nothing ablated", prompts.harmful],
    ["Harmless prompts, nothing ablated", prompts.harmless],
    ["Refused fit prompts, all candidates ablated", ceiling],
    ...testedSets(anatomy).flatMap(({ name, fit, test }): [string, Tally | null][] => [
      [`Refused fit prompts without ${name}`, fit],
      [`Refused test prompts without ${name}`, test],
    ]),
    ...rounds.map(({ answers }, i): [string, Tally] => [
      `Refused fit prompts, ${i === 0 ? "round 1" : `rounds 1 to ${i + 1}`} ablated`,
      answers,
    ]),
  ];
  return {
    head: ["Prompts and what is ablated", ...tallyHead],
    rows: arms.flatMap(([name, tally]) => (tally === null ? [] : [[name, ...tallyCells(tally)]])),
  };
}

const noCertificate = { certified: false, certified_by: null, chosen_again: null };

/** The minimal sets, and what the published filter kept. */
function testedSets({ minimal_sets, published_filter }: Anatomy) {
  const kept = published_filter?.kept ?? null;
  return [
    ...minimal_sets.map((set, i) => ({ ...set, name: `set ${i + 1}`, short: String(i + 1) })),
    ...(kept === null
      ? []
      : [{ ...kept, ...noCertificate, name: "what the published filter keeps", short: "Published filter" }]),
  ];
}

export function setsTable(anatomy: Anatomy): Table {
  const named = setNames(anatomy);
  return {
    head: [
      "Set",
      "Features",
      "1-minimal",
      "Flips on test prompts",
      "n",
      "Controls flip",
      "p",
      "Chosen again",
    ],
    rows: testedSets(anatomy).map((set) => {
      const { short, features, certified, certified_by, flips, control, chosen_again } = set;
      return [
        short,
        named(features),
        certified_by !== null && certified ? `yes, by the ${certified_by}` : "not certified",
        withInterval(flips, "share"),
        String(flips.n),
        control?.judged == null ? "–" : withInterval(control.judged.flips, "share"),
        orDash(control?.judged?.p ?? null, formatProbability),
        chosenAgain(chosen_again),
      ];
    }),
  };
}

/** The share of resamples for each feature of a set; the range where the set is large. */
function chosenAgain(shares: readonly number[] | null): string {
  if (shares === null) return "–";
  const ends = shares.length <= 4 ? shares : [Math.min(...shares), Math.max(...shares)];
  return ends.map((share) => formatValue(share, "share")).join(shares.length <= 4 ? ", " : " to ");
}

/** What the sets are compared with: on the score, and by judged answers. */
export function controlsTable(anatomy: Anatomy): Table {
  return {
    head: [
      "Set",
      "Control",
      "Sets, score",
      "Their effect, log-odds",
      "p",
      "Sets, judged",
      "Prompts each",
      "Flips",
      "p, judged",
    ],
    rows: testedSets(anatomy).flatMap(({ control, short }) => {
      if (control === null) return [];
      const { kind, proxy, judged } = control;
      return [
        [
          ...[short, kind, String(proxy.sets), withInterval(proxy.effect, score)],
          orDash(proxy.p, formatProbability),
          ...(judged === null
            ? ["–", "–", "–", "–"]
            : [
                String(judged.sets),
                String(judged.prompts),
                withInterval(judged.flips, "share"),
                orDash(judged.p, formatProbability),
              ]),
        ],
      ];
    }),
  };
}

export function roundsTable({ rounds, sites }: Anatomy): Table {
  const named = setNames({ sites });
  return {
    head: [
      "Round",
      "New features",
      "Width",
      "Other minimal sets",
      "Comply",
      "Of",
      "Features woken",
      "Woken at random",
    ],
    rows: rounds.map(({ features, width, alternatives, answers, woken }, i) => [
      String(i + 1),
      named(features),
      String(width),
      String(Math.max(0, alternatives.length - 1)),
      String(answers.complied),
      String(answers.asked),
      orDash(woken?.mean ?? null, formatNumber),
      woken === null
        ? "–"
        : `${formatNumber(woken.random.mean)} ${formatInterval(woken.random.interval, "")}`,
    ]),
  };
}

export function cascadeTable({ cascade }: Anatomy): Table {
  return {
    head: [
      "Rounds ablated",
      "Features ablated",
      "Free (m)",
      "Held silent (m₀)",
      "Repair",
      "n",
      "Repair at the clean norm",
    ],
    rows: cascade.map(({ round, ablated, free, held, repair, repair_at_clean_norm }) => [
      round === 0 ? "none (clean run)" : String(round),
      String(ablated),
      withInterval(free, score),
      withInterval(held, score),
      withInterval(repair, score),
      String(repair.n),
      formatValue(repair_at_clean_norm, score),
    ]),
  };
}

type Backup = Anatomy["backups"][number];

/** Why a feature that woke has its status. */
export function backupReason({ status, effect, q, idle_p, margin }: Backup): string {
  switch (status) {
    case "load-bearing":
      return `Without it the refusal score falls by ${withInterval(effect, score)} (q ${formatProbability(q)}).`;
    case "idle":
      return `It wakes and does nothing: its effect is smaller than ${formatNumber(margin)} (p ${formatProbability(idle_p)}).`;
    case "undetermined":
      return `Its effect, ${withInterval(effect, score)}, is told apart neither from 0 (q ${formatProbability(q)}) nor from one that matters.`;
  }
}

export const statusWords = {
  "load-bearing": "Load-bearing",
  idle: "Idle",
  undetermined: "Undetermined",
} as const satisfies Record<Backup["status"], string>;

export function backupsTable({ backups, sites }: Anatomy): Table {
  const nameOf = featureNames({ sites });
  return {
    head: [
      ...["Feature", "Status", "Why", "Effect, log-odds", "Alone", "Wakes after", "Woke on"],
      ...["Active unablated", "At random"],
    ],
    rows: backups.map((backup) => [
      nameOf(backup),
      statusWords[backup.status],
      backupReason(backup),
      withInterval(backup.effect, score),
      formatValue(backup.alone, score),
      `round ${backup.wakes_after}`,
      `${backup.woke_on} prompts`,
      `${backup.active_unablated} prompts`,
      formatValue(backup.woken_at_random, "share"),
    ]),
  };
}

export function featuresTable(anatomy: Anatomy): Table {
  const nameOf = featureNames(anatomy);
  return {
    head: ["Feature", "Role", "Wakes", "Effect, log-odds", "n", "Active on harmful", "Active on harmless"],
    rows: mapFeatures(anatomy).map((feature) => [
      nameOf(feature),
      feature.role,
      wakesWords(feature.wakes),
      withInterval(feature.effect, score),
      String(feature.effect.n),
      String(feature.active_on.harmful),
      String(feature.active_on.harmless),
    ]),
  };
}

export function paretoTable({ pareto }: Anatomy): Table {
  const front = onFront(pareto);
  return {
    head: [
      "Features",
      "Set",
      "Still refuse",
      "n",
      "Score, log-odds",
      "KL, nats a token",
      "Cross-entropy, nats a token",
      "On the front",
    ],
    rows: pareto.map(({ size, kind, refusing, score: mean, kl, cross_entropy }, i) => [
      String(size),
      kind === "ranking" ? "first of the ranking" : "minimal set",
      withInterval(refusing, "share"),
      String(refusing.n),
      withInterval(mean, score),
      withInterval(kl, "nats"),
      withInterval(cross_entropy, "nats"),
      front[i]! ? "yes" : "no",
    ]),
  };
}

export function perPromptTable({ per_prompt, sites }: Anatomy): Table {
  const named = setNames({ sites });
  return {
    head: ["Prompt", "Outcome", "Smallest set", "Minimal sets"],
    rows: per_prompt.map(({ prompt, outcome, sets }) => [
      prompt,
      outcome,
      sets.length === 0 ? "–" : String(Math.min(...sets.map((set) => set.length))),
      sets.length === 0 ? "–" : sets.map(named).join(" / "),
    ]),
  };
}

export function ledgerTable({ ledger }: Anatomy): Table {
  return {
    head: ["What was asked", "Questions", "Block evaluations"],
    rows: ledger.map(({ what, asked, block_evaluations }) => [
      what,
      formatCount(asked),
      formatCount(block_evaluations),
    ]),
  };
}
