/** The answers as CSV, one line per answer and cap. Texts are not in it: they are long, and some are redacted. */

import { toCsv } from "../../../src/core/csv.ts";
import type { ReportData, ReportRow } from "../../../src/core/records/report.ts";

export function rowsCsv(
  rows: readonly ReportRow[],
  { insides, conditions }: Pick<ReportData, "insides" | "conditions">,
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
      "rules",
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
          verdict.evidence.map(({ rule }) => rule).join(" "),
          row.tokens,
          row.finish,
          row.D[0] ?? null,
          ...row.D.slice(1),
        ],
      ]),
    ),
  );
}
