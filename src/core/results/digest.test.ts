/** Digests of answers: what is packed comes back, and nothing else is in them. */
import { expect, it } from "vitest";
import { syntheticReport } from "../../../test/support/synthetic-report.ts";
import type { ReportRow } from "../records/report.ts";
import { packDigests, type RowDigest, unpackDigests } from "./digest.ts";

const { rows } = syntheticReport({ prompts: 40 });
const [first, ...others] = rows as [ReportRow, ...ReportRow[]];
const again: ReportRow[] = [
  { ...first, prefill: "Sure,", condition: 5, finish: "length", tokens: null },
  { ...first, other_system: { n: 1, system: "Be brief." }, condition: 6, D: [null, 0.5] },
];
const all = [first, ...again, ...others];

/** The row without what its digest leaves out. */
function digestOf(row: ReportRow): RowDigest {
  const { thought: _thought, prompt_tokens: _read, refusal_scores: _scores, verdicts, ...rest } = row;
  return {
    ...rest,
    verdicts: verdicts.map(({ cap, outcome, coherence, refusal_token }) => ({
      ...{ cap, outcome, refusal_token },
      coherence: coherence === null ? null : { kind: coherence.kind },
    })),
  };
}

it("come back as they were packed, in their order, and without what only whole rows have", () => {
  const packed = packDigests(all);
  const parsed = JSON.parse(JSON.stringify(packed)) as typeof packed;
  expect(unpackDigests(parsed)).toEqual(all.map(digestOf));
  expect(rows.some(({ redacted }) => redacted)).toBe(true);
});

it("name what many answers share once", () => {
  const packed = packDigests(all);
  expect(packed.prompts).toHaveLength(40);
  expect(packed.askings).toHaveLength(4);
  const json = JSON.stringify(packed);
  expect(json.split('"prefill"')).toHaveLength(4 + 1);
  expect(json).not.toContain("evidence");
});
