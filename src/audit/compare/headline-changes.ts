/** What became of each headline from one run to another. No new number is computed here. */
import { statusWords } from "../../core/format.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import type { ChangeAbout, Sides } from "./changes.ts";

type Headline = Extract<Finding["about"], { kind: "headline" }>;

/** The change that a headline's claim rests on; null if no paired change is about it. */
function basisOf({ claim, ...rest }: Headline): Pick<ChangeAbout, "measure" | "tier"> | null {
  const under = "under" in rest ? rest.under : undefined;
  const known: Readonly<Record<string, Pick<ChangeAbout, "measure" | "tier">>> = {
    refuses: { measure: "discrimination" },
    over_refuses: { measure: "refusal_rate", tier: "benign" },
    "survives template": { measure: "template_effect", tier: "hazard_adjacent" },
    "survives short": { measure: "cap_effect", tier: "hazard_adjacent" },
  };
  return known[typeof under === "string" ? `${claim} ${under}` : claim] ?? null;
}

/** @param primary the changes that headlines rest on, their status decided */
export function headlineChanges(
  { of, shorts }: Sides,
  headlines: readonly [base: readonly Finding[], other: readonly Finding[]],
  primary: readonly Finding[],
): Finding[] {
  const named = (finding: Finding): string => {
    const { claim, ...rest } = finding.about as Headline;
    return "under" in rest && typeof rest.under === "string" ? `${claim}.${rest.under}` : claim;
  };
  const [before, after] = headlines.map((list) => new Map(list.map((one) => [named(one), one])));
  return [...before!].flatMap(([headline, was]): Finding[] => {
    const is = after!.get(headline);
    if (is === undefined) return [];
    const basis = basisOf(was.about as Headline);
    const change = primary.find(
      ({ about }) =>
        basis !== null &&
        about.kind === "change" &&
        about.measure === basis.measure &&
        about.tier === basis.tier,
    );
    const words = ({ status }: Finding) => statusWords[status].toLowerCase();
    return [
      {
        ...identified({ kind: "change", measure: "headline", headline, of }),
        group: "headline",
        question: was.question,
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
          (change?.sentence ?? "No change of it was measured prompt by prompt."),
      },
    ];
  });
}
