/** What became of each headline from one run to another. No new number is computed here. */
import { statusWords } from "../../core/format.ts";
import type { Finding } from "../../core/records/finding.ts";
import { headlineName, identified } from "../../core/records/finding-id.ts";
import type { ChangeAbout, Sides } from "./changes.ts";

type Basis = Pick<ChangeAbout, "measure" | "tier">;

/** The changes that headlines' claims rest on, by the headline's name. About the others no change is paired. */
const bases: ReadonlyMap<string, Basis> = new Map<string, Basis>([
  ["refuses", { measure: "discrimination" }],
  ["over_refuses", { measure: "refusal_rate", tier: "benign" }],
  ["survives.template", { measure: "template_effect", tier: "hazard_adjacent" }],
  ["survives.short", { measure: "cap_effect", tier: "hazard_adjacent" }],
  ["survives.prefill", { measure: "prefill_effect", tier: "hazard_adjacent" }],
]);

const byName = (findings: readonly Finding[]): ReadonlyMap<string, Finding> =>
  new Map(
    findings.flatMap((one) =>
      one.about.kind === "headline" ? [[headlineName(one.about), one] as const] : [],
    ),
  );

/** @param findings of both runs; of them the headlines are read @param primary the changes that headlines rest on, their status decided */
export function headlineChanges(
  { of, shorts }: Sides,
  findings: readonly [base: readonly Finding[], other: readonly Finding[]],
  primary: readonly Finding[],
): Finding[] {
  const [before, after] = findings.map(byName);
  return [...before!].flatMap(([headline, was]): Finding[] => {
    const is = after!.get(headline);
    if (is === undefined) return [];
    const basis = bases.get(headline);
    const change = primary.find(
      ({ about }) =>
        basis !== undefined &&
        about.kind === "change" &&
        about.measure === basis.measure &&
        about.tier === basis.tier,
    );
    const words = ({ status }: Finding) => statusWords[status].toLowerCase();
    return [
      {
        ...identified({ kind: "change", measure: "headline", headline, of }),
        group: "headline",
        // The status is that of the change, and must not read as the answer.
        question: `Did this change? ${was.question}`,
        estimate: change?.estimate ?? null,
        unit: change?.unit ?? "difference of shares",
        interval: change?.interval ?? null,
        level: was.level,
        n: change?.n ?? 0,
        method: change === undefined ? "none" : `from ${change.id}: ${change.method}`,
        control: change?.control ?? { kind: "none", estimate: null, interval: null },
        status: change?.status ?? "undetermined",
        sentence:
          `In ${shorts[0]}: ${words(was)}. In ${shorts[1]}: ${words(is)}. ` +
          (change?.sentence.replace(/^undetermined:/, "The change is undetermined:") ??
            "No change of it was measured prompt by prompt."),
      },
    ];
  });
}
