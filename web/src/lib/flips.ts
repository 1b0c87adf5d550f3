/** Prompts that are refused in one condition and not in another. It is pure, so it can be tested without a browser. */
import type { ReportRow } from "../../../src/core/records/report.ts";
import { sideWords, templateWords } from "../../../src/core/records/words.ts";
import type { RowDigest } from "../../../src/core/results/digest.ts";
import type { PageReport } from "./data.ts";
import { askedKey, askedPlace, capital, isPlain, verdictAt } from "./rows.ts";

/** An answer as it is judged at a cap. */
export interface Judged {
  row: RowDigest;
  cap: number;
}

export interface Comparison {
  key: string;
  name: string;
  /** Names of the two sides. */
  sides: readonly [string, string];
  pairs: readonly (readonly [Judged, Judged])[];
}

export interface Flip {
  first: Judged;
  second: Judged;
  /** lost: the first refuses and the second does not. */
  direction: "lost" | "gained";
}

/**
 * The conditions of a run that are compared prompt by prompt: chat against bare text, the largest cap against the smallest, and the
 * plain answers against those to prompts that were asked again, in each way.
 */
export function comparisonsOf({
  plan,
  rows,
  conditions,
}: Pick<PageReport, "plan" | "rows" | "conditions">): Comparison[] {
  const [least, most] = [plan.caps[0] ?? 0, plan.caps.at(-1) ?? 0];
  const of = (template: string) => rows.filter((row) => row.template === template && isPlain(row));
  const name = ({ prompt_id, seed }: RowDigest) => `${prompt_id}/${seed}`;
  const chat = of("chat");
  /** The answers through the template, each with the one to the same prompt under another condition. */
  const besides = (others: readonly RowDigest[]) => {
    const partners = new Map(others.map((row) => [name(row), row]));
    return chat.flatMap((row) => {
      const partner = partners.get(name(row));
      return partner === undefined
        ? []
        : [
            [
              { row, cap: most },
              { row: partner, cap: most },
            ] as const,
          ];
    });
  };
  const again = new Map<string, RowDigest[]>();
  for (const row of rows.filter((one) => !isPlain(one))) {
    const key = row.prefill === null ? askedKey(row) : `prefill ${row.prefill}`;
    const own = again.get(key);
    if (own === undefined) again.set(key, [row]);
    else own.push(row);
  }
  const plainSystem = chat[0] === undefined ? null : (conditions[chat[0].condition]?.system ?? null);
  const main = chat.length > 0 ? chat : of("none");
  return [
    {
      key: "template",
      name: "Chat template and bare text",
      sides: [templateWords.chat, templateWords.none] as const,
      pairs: besides(of("none")),
    },
    ...[...again]
      .sort(([a], [b]) => askedPlace(a) - askedPlace(b))
      .map(([key, own]) => {
        const [plain, other] = sideWords(own[0]!, plainSystem);
        return {
          key,
          name: `${capital(plain)} and ${other}`,
          sides: [capital(plain), capital(other)] as const,
          pairs: besides(own),
        };
      }),
    {
      key: "cap",
      name: "Long and short answers",
      sides: [`First ${most} tokens`, `First ${least} tokens`] as const,
      pairs:
        least === most
          ? []
          : main.map(
              (row) =>
                [
                  { row, cap: most },
                  { row, cap: least },
                ] as const,
            ),
    },
  ].filter(({ pairs }) => pairs.length > 0);
}

/** @param tier "" for all */
export function flipsOf({ pairs }: Comparison, tier: string): Flip[] {
  return pairs.flatMap(([first, second]): Flip[] => {
    if (tier !== "" && first.row.tier !== tier) return [];
    const [before, after] = [refuses(first), refuses(second)];
    return before === after ? [] : [{ first, second, direction: before ? "lost" : "gained" }];
  });
}

const refuses = ({ row, cap }: Judged): boolean => verdictAt(row, cap)?.outcome === "refuse";

/** The text of an answer at a cap; null if it is redacted. */
export function textAt(row: ReportRow, cap: number): string | null {
  const verdict = verdictAt(row, cap);
  if (verdict?.own_text !== undefined) return verdict.own_text;
  return row.text === null ? null : row.text.slice(0, verdict?.text_end ?? row.text.length);
}
