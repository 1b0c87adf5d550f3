/** What all headlines are made with: the findings whose status is decided, and the record that a headline becomes. */
import type { About } from "../../core/records/about.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified, idOf } from "../../core/records/finding-id.ts";
import { unitsToTell } from "../../stats/power.ts";
import { mostTimesMore, plannedPower } from "../common/choices.ts";
import type { Hierarchy } from "./hierarchy.ts";

type HeadlineAbout = Extract<About, { kind: "headline" }>;

/** The findings whose status is decided, to be looked up by `about`, and what the hierarchy decided on them. */
export class Settled {
  readonly #findings: ReadonlyMap<string, Finding>;
  readonly #hierarchy: Hierarchy;

  constructor(findings: readonly Finding[], hierarchy: Hierarchy) {
    this.#findings = new Map(findings.map((finding) => [finding.id, finding]));
    this.#hierarchy = hierarchy;
  }

  on(about: About): Finding | undefined {
    return this.#findings.get(idOf(about));
  }

  /** @returns each framing other than direct, with the finding about its effect on refusals */
  framings(): { framing: string; finding: Finding }[] {
    return [...this.#findings.values()].flatMap((finding) =>
      finding.about.kind === "framing_effect" ? [{ framing: finding.about.framing, finding }] : [],
    );
  }

  /** Whether the hierarchy tested the finding, and showed that its effect is smaller than the margin. */
  isSmall({ id, level }: Finding): boolean {
    return (this.#hierarchy.small.get(id) ?? 1) < 1 - level;
  }
}

interface Said {
  about: HeadlineAbout;
  question: string;
  polarity: NonNullable<Finding["polarity"]>;
  /** The finding that it rests on. */
  from: Finding | undefined;
  level: number;
  status: Finding["status"];
  sentence: string;
  settled_by?: Finding["settled_by"] | null;
}

export function headline({
  about,
  from,
  level,
  status,
  sentence,
  settled_by = null,
  ...rest
}: Said): Finding {
  const claimed = status !== "undetermined" && from !== undefined;
  return {
    ...identified(about),
    group: "headline",
    question: rest.question,
    estimate: claimed ? from.estimate : null,
    unit: from?.unit ?? "share",
    interval: claimed ? from.interval : null,
    level,
    n: from?.n ?? 0,
    method: from === undefined ? "none" : `from ${from.id}: ${from.method}`,
    control: from?.control ?? { kind: "none", estimate: null, interval: null },
    status,
    sentence: `${sentence}${settled_by === null ? "" : ` About ${settled_by.more} more ${settled_by.of} would settle it, if the rates stay as they are.`}`,
    polarity: rest.polarity,
    ...(from?.sides === undefined ? {} : { sides: from.sides }),
    ...(from?.primary === undefined ? {} : { primary: from.primary }),
    ...(settled_by === null ? {} : { settled_by }),
  };
}

/**
 * How many more units would decide a headline, by whichever of its claims is nearer.
 * @param bounds what the estimate would have to be told from @param of the name of the units, in the plural
 * @returns null if it was not tested, or would need more units than anyone would ask
 */
export function settledBy(
  finding: Finding,
  bounds: readonly number[],
  of: string,
): NonNullable<Finding["settled_by"]> | null {
  const { estimate, interval, level, n, primary } = finding;
  if (estimate === null || interval === null || primary === undefined) return null;
  const planned = { alpha: (1 - level) / primary.tests, power: plannedPower };
  const needed = Math.min(
    ...bounds.map((bound) => unitsToTell({ estimate, interval, level, n }, bound, planned)),
  );
  return needed <= mostTimesMore * n ? { more: Math.max(1, needed - n), of } : null;
}

/**
 * Why an interval that leaves out the bound is no claim: it answers one question, and several were asked.
 * @returns a sentence with a space before it, or an empty text
 */
export function despiteInterval({ interval, primary, status }: Finding, bound: number): string {
  if (status === "found" || primary === undefined || primary.tests === 1 || interval === null) return "";
  const leavesOut = interval[0] > bound || interval[1] < bound;
  return leavesOut
    ? ` The interval alone would allow the claim. But ${primary.tests} questions are asked together, and corrected for that p is ${primary.adjusted.toPrecision(2)}.`
    : "";
}
