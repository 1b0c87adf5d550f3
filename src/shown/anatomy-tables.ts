/** The tables of an anatomy, as the page and the Markdown show them. Cells are numbers as text, in the units of the heads. */
import { formatCount, formatInterval, formatNumber, formatValue } from "../core/format.ts";
import type { Anatomy } from "../core/records/anatomy.ts";
import { featureNames, mapFeatures, setNames, siteName, wakesWords } from "./anatomy-features.ts";

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

export const score = "log-odds";
export const orDash = (value: number | null, words: (value: number) => string) =>
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

const noCertificate = { certified: false, certified_by: null, chosen_again: null, stability: null };

/** The minimal sets, and what the published filter kept. */
export function testedSets({ minimal_sets, published_filter }: Anatomy) {
  const kept = published_filter?.kept ?? null;
  return [
    ...minimal_sets.map((set, i) => ({ ...set, name: `set ${i + 1}`, short: String(i + 1) })),
    ...(kept === null
      ? []
      : [{ ...kept, ...noCertificate, name: "what the published filter keeps", short: "Published filter" }]),
  ];
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
    ...testedSets(anatomy).flatMap(({ name, fit, test, harmless }): [string, Tally | null][] => [
      [`Refused fit prompts without ${name}`, fit],
      [`Refused test prompts without ${name}`, test],
      [`Harmless test prompts without ${name}`, harmless.ablated],
    ]),
    ...rounds.flatMap(({ answers, test }, i): [string, Tally | null][] => {
      const ablated = `${i === 0 ? "round 1" : `rounds 1 to ${i + 1}`} ablated`;
      return [
        [`Refused fit prompts, ${ablated}`, answers],
        [`Refused test prompts, ${ablated}`, test],
      ];
    }),
  ];
  return {
    head: ["Prompts and what is ablated", ...tallyHead],
    rows: arms.flatMap(([name, tally]) => (tally === null ? [] : [[name, ...tallyCells(tally)]])),
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

const roleWords = {
  bos: "first token",
  system: "system",
  user: "user",
  template: "template",
  response: "response",
} as const satisfies Record<Anatomy["features"][number]["roles"][number]["role"], string>;

/** Where one feature fires, by the role of the token. */
export function rolesTable({ roles }: Pick<Anatomy["features"][number], "roles">): Table {
  return {
    head: ["Tokens", "Read", "Active on", "Mean activation", "Prompts"],
    rows: roles.map(({ role, tokens, active, mean }) => [
      roleWords[role],
      formatCount(tokens),
      withInterval(active, "share"),
      withInterval(mean, ""),
      String(active.n),
    ]),
  };
}

/** The share of tokens on which each feature is active, by role. */
export function featureRolesTable(anatomy: Anatomy): Table {
  const nameOf = featureNames(anatomy);
  const roles = (Object.keys(roleWords) as (keyof typeof roleWords)[]).filter((role) =>
    anatomy.features.some((feature) => feature.roles.some((own) => own.role === role)),
  );
  return {
    head: ["Feature", ...roles.map((role) => `Active on ${roleWords[role]}`)],
    rows:
      roles.length === 0
        ? []
        : mapFeatures(anatomy).map((feature) => [
            nameOf(feature),
            ...roles.map((role) =>
              formatValue(feature.roles.find((own) => own.role === role)?.active.estimate ?? null, "share"),
            ),
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
    head: ["Stage", "What was asked", "Questions", "Block evaluations"],
    rows: ledger.map(({ stage, what, asked, block_evaluations }) => [
      stage,
      what,
      formatCount(asked),
      formatCount(block_evaluations),
    ]),
  };
}

/** What the search's score, its ranking and its interventions are worth. */
export function checksTable({ search }: Anatomy): Table {
  const head = ["Check", "Result", "n"];
  if (search === null) return { head, rows: [] };
  const { boundary, ranking, arms } = search;
  const rows: (string[] | null)[] = [
    arms && ["Largest change by an ablation of strength 0", formatNumber(arms.no_op), `${arms.prompts}`],
    arms && ["Largest difference of the same ablation twice", formatNumber(arms.repeat), `${arms.prompts}`],
    arms && ["Prompts whose score the ablation moves", `${arms.moved}`, `${arms.prompts}`],
    boundary && [
      "Judged fit answers on the wrong side of the search's boundary",
      withInterval(boundary.disagreement, "share"),
      `${boundary.disagreement.n}`,
    ],
    ranking && [
      "Rank correlation of estimated and true effects, each feature alone",
      withInterval(ranking.alone, ""),
      `${ranking.alone.n}`,
    ],
    ranking && [
      "The same, true effects averaged over first and last of all",
      withInterval(ranking.both_ends, ""),
      `${ranking.both_ends.n}`,
    ],
    ranking && [
      "Candidates whose first-order estimate says little",
      formatCount(ranking.curved),
      formatCount(ranking.candidates),
    ],
    ["Sets that flip by score and not by judged answers", `${search.refuted}`, "–"],
    ["Times that the boundary was lowered", `${search.lowered}`, "–"],
  ];
  return { head, rows: rows.filter((row) => row !== null) };
}
