/** Filters and sorts the table of answers. It is pure, so it can be tested without a browser. */
import { againWords, askedWords, templateWords, tierWords } from "../../../src/core/records/words.ts";
import type { RowDigest, VerdictDigest } from "../../../src/core/results/digest.ts";
import { inOrder, type Order, wordsOf } from "./order.ts";

/** What the filter of templates tells apart: a template, after any prefill, each other system prompt, each other turn. */
export function askedKey({ template, prefill, turn, other_system }: RowDigest): string {
  if (prefill !== null) return "prefill";
  if (other_system !== null) return `system ${other_system.n}`;
  return turn === "user" ? template : `turn ${turn}`;
}

export const isPlain = (row: RowDigest): boolean => askedKey(row) === row.template;

const order = ["chat", "none", "prefill", "system", "turn"];
/** The place of a key, or of a longer one that begins like it, among the ways of asking; −1 for none. */
export const askedPlace = (key: string): number => order.indexOf(key.split(" ")[0]!);

/** The choices of that filter that occur in the rows. */
export function askedChoices(rows: readonly RowDigest[]): [key: string, words: string][] {
  const found = new Map(rows.map((row) => [askedKey(row), row]));
  return [...found]
    .sort(([a], [b]) => askedPlace(a) - askedPlace(b))
    .map(([key, row]) => {
      if (isPlain(row)) return [key, templateWords[row.template]];
      return [key, key === "prefill" ? "After a prefill" : capital(againWords(row) ?? "")];
    });
}

export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

export interface Filters {
  search: string;
  /** In all of the following, "" means all. */
  tier: string;
  framing: string;
  /** How the answers were asked for (`askedKey`). */
  template: string;
  outcome: string;
  panel: string;
  language: string;
  cap: number;
}

/** The filters in an address. A cap that the run was not judged at is no filter. @param caps rising */
export function filtersOf(address: Readonly<Record<string, string>>, caps: readonly number[]): Filters {
  const {
    search = "",
    tier = "",
    framing = "",
    template = "",
    outcome = "",
    panel = "",
    language = "",
    cap,
  } = address;
  return {
    ...{ search, tier, framing, outcome, panel, language },
    template: askedPlace(template) === -1 ? "" : template,
    cap: caps.find((one) => String(one) === cap) ?? caps.at(-1) ?? 0,
  };
}

export const sortKeys = ["order", "prompt", "tier", "framing", "template", "outcome", "onset", "D"] as const;
export type SortKey = (typeof sortKeys)[number];
export type Sorting = Order<SortKey>;

export function verdictAt<V extends VerdictDigest>(
  { verdicts }: { verdicts: readonly V[] },
  cap: number,
): V | undefined {
  return verdicts.find((verdict) => verdict.cap === cap);
}

/** The texts that are searched, one per row, in lower case. */
export function haystacks(rows: readonly RowDigest[]): string[] {
  return rows.map((row) =>
    [
      ...[row.prompt_id, row.prompt, row.category, row.pair ?? "", row.text ?? row.printable ?? ""],
      ...row.turns.map(({ content, printable }) => content ?? printable ?? ""),
    ]
      .join("\n")
      .toLowerCase(),
  );
}

/** @param hay `haystacks(rows)`. Every word of the search must occur. */
export function filterRows(rows: readonly RowDigest[], hay: readonly string[], by: Filters): RowDigest[] {
  const words = wordsOf(by.search);
  return rows.filter(
    (row, i) =>
      (by.tier === "" || row.tier === by.tier) &&
      (by.framing === "" || row.framing === by.framing) &&
      (by.template === "" || by.template === askedKey(row)) &&
      (by.panel === "" || row.panel === by.panel) &&
      (by.language === "" || row.language === by.language) &&
      (by.outcome === "" || verdictAt(row, by.cap)?.outcome === by.outcome) &&
      words.every((word) => hay[i]?.includes(word)),
  );
}

/** Sorts as `inOrder` does. */
export function sortRows(rows: readonly RowDigest[], { key, descending }: Sorting, cap: number): RowDigest[] {
  if (key === "order") return descending ? rows.toReversed() : [...rows];
  const hazard = Object.keys(tierWords);
  const value = (row: RowDigest): string | number | null => {
    switch (key) {
      case "prompt":
        return row.prompt.toLowerCase();
      case "tier":
        return hazard.indexOf(row.tier);
      case "framing":
        return row.framing;
      case "template":
        return askedWords(row);
      case "outcome":
        return verdictAt(row, cap)?.outcome ?? null;
      case "onset":
        return verdictAt(row, cap)?.refusal_token ?? null;
      case "D":
        return row.D[0] ?? null;
    }
  };
  return inOrder(rows, value, descending);
}
