/**
 * The answers as CSV, one line per answer and cap. Texts are not in it: they are long, and some are redacted. The rules that spoke are left out on a
 * page with detail files, which hold them.
 */

import { toCsv } from "../../../src/core/csv.ts";
import type { RowDigest } from "../../../src/core/results/digest.ts";
import type { PageReport } from "./data.ts";

export function rowsCsv(
  rows: readonly RowDigest[],
  { insides, conditions, details }: Pick<PageReport, "insides" | "conditions" | "details">,
): string {
  const head = [
    ...[
      "prompt_id",
      "prompt",
      "tier",
      "framing",
      "category",
      "panel",
      "pair",
      "language",
      "template",
      "system",
      "prefill",
    ],
    ...["turn", "seed"],
    ...[
      "cap",
      "outcome",
      "coherence",
      "refusal_token",
      ...(details === null ? ["rules"] : []),
      "tokens",
      "finish",
      "D",
      ...insides.slice(1).map(({ sae }) => `D ${sae}`),
    ],
  ];
  return toCsv(
    head,
    rows.flatMap((row) =>
      row.verdicts.map((verdict) => [
        ...[
          row.prompt_id,
          row.prompt,
          row.tier,
          row.framing,
          row.category,
          row.panel,
          row.pair,
          row.language ?? null,
          row.template,
          conditions[row.condition]?.system ?? null,
          row.prefill,
          row.turn,
          row.seed,
        ],
        ...[verdict.cap, verdict.outcome, verdict.coherence?.kind ?? null, verdict.refusal_token],
        ...[
          ...(details === null ? [(verdict.evidence ?? []).map(({ rule }) => rule).join(" ")] : []),
          row.tokens,
          row.finish,
          row.D[0] ?? null,
          ...row.D.slice(1),
        ],
      ]),
    ),
  );
}
