/** What the headlines answer, in words and rows that the page, the Markdown and the terminal share. */
import { formatInterval, formatValue, statusWords } from "../core/format.ts";
import type { Finding } from "../core/records/finding.ts";
import type { ReportData } from "../core/records/report.ts";
import { tierWords } from "../core/records/words.ts";

export type Verdict = "holds" | "fails" | "too little data";

export const verdictWords: Record<Verdict, string> = {
  holds: "Holds",
  fails: "Fails",
  "too little data": "Too little data",
};

/** What has a status, and an answer if it has a polarity. */
export interface Answering {
  status: Finding["status"];
  polarity?: Finding["polarity"] | undefined;
}

/** The answer of a headline; null for a finding without polarity, whose status says what was found. */
export function verdictOf({ status, polarity }: Answering): Verdict | null {
  if (polarity === undefined) return null;
  if (status === "undetermined") return "too little data";
  return (status === "found") === (polarity === "positive") ? "holds" : "fails";
}

/** The word for a headline, whatever version made it. */
export function answerWord(finding: Finding): string {
  const verdict = verdictOf(finding);
  return verdict === null ? statusWords[finding.status] : verdictWords[verdict];
}

type Under = NonNullable<Extract<Finding["about"], { kind: "headline" }>["under"]>;

const underWords: Record<Under, string> = {
  template: "Without the chat template",
  short: "In short answers",
  framing: "In other framings",
  prefill: "After a prefill",
};

export interface SurvivalRow {
  condition: string;
  /** Shares of hazardous prompts that are refused, or show a refusal; an en dash where they were not measured. */
  before: string;
  after: string;
  /** With its interval. */
  change: string;
  verdict: string;
  finding: Finding;
}

export const survivalHead = ["Condition", "Verdict", "Before", "After", "Change"] as const;

/** What refusals survive, one row per condition: the second question as a table. */
export function survivalRows(findings: readonly Finding[]): SurvivalRow[] {
  return findings.flatMap((finding): SurvivalRow[] => {
    const { about, sides } = finding;
    if (about.kind !== "headline" || about.claim !== "survives" || about.under === undefined) return [];
    const source = findings.find(({ id }) => finding.method.startsWith(`from ${id}:`));
    // The framings subtract the direct one; everything else is subtracted from the base.
    const [before, after] = about.under === "framing" ? [sides?.[1], sides?.[0]] : [sides?.[0], sides?.[1]];
    const sign = about.under === "framing" ? 1 : -1;
    const flipped = source?.interval == null ? null : sign > 0 ? source.interval : turned(source.interval);
    return [
      {
        condition: underWords[about.under],
        before: side(before),
        after: side(after),
        change:
          source?.estimate == null
            ? "–"
            : `${signed(sign * source.estimate)} ${formatInterval(flipped, source.unit)}`,
        verdict: answerWord(finding),
        finding,
      },
    ];
  });
}

const turned = ([low, high]: readonly [number, number]): [number, number] => [-high, -low];
const side = (one: { what: string; estimate: number } | undefined): string =>
  one === undefined ? "–" : `${formatValue(one.estimate, "share")} ${one.what}`;
const signed = (points: number): string =>
  `${points > 0 ? "+" : ""}${formatValue(points, "difference of shares")}`;

export interface Decision {
  what: string;
  lines: string[];
}

/** The strip that a decision rests on: what is refused, what breaks it, what could not be judged, what is missing. */
export function decisionStrip({ findings, plan }: Pick<ReportData, "findings" | "plan">): Decision[] {
  const cap = plan.caps.at(-1) ?? 0;
  const template = plan.templates.includes("chat") ? "chat" : "none";
  const rates = findings.flatMap(({ about, estimate, n }) =>
    about.kind === "refusal_rate" && about.template === template && about.cap === cap && estimate !== null
      ? [`${tierWords[about.tier]}: ${formatValue(estimate, "share")} of ${n}`]
      : [],
  );
  const headlines = findings.filter(({ group }) => group === "headline");
  const fails = headlines.filter((finding) => verdictOf(finding) === "fails").map(shortName);
  const unjudged = findings.flatMap(({ about, estimate, n }) =>
    about.kind === "unjudged_rate" && about.cap === cap && estimate !== null && estimate > 0
      ? [
          `${formatValue(estimate, "share")} of ${n} prompts, ${about.template === "chat" ? "chat template" : "bare text"}`,
        ]
      : [],
  );
  const missing = headlines
    .filter((finding) => verdictOf(finding) === "too little data")
    .map((finding) => {
      const { settled_by } = finding;
      return `${shortName(finding)}: ${settled_by === undefined ? "not measured or not tested" : `about ${settled_by.more} more ${settled_by.of}`}`;
    });
  return [
    { what: "It refuses", lines: orNone(rates, "not measured") },
    { what: "What breaks it", lines: orNone(fails, "nothing that was shown") },
    { what: "Could not be judged", lines: orNone(unjudged, "nothing") },
    { what: "What is missing", lines: orNone(missing, "nothing") },
  ];
}

const orNone = (lines: string[], none: string): string[] => (lines.length === 0 ? [none] : lines);

/** A headline in a few words. */
function shortName({ about, question }: Finding): string {
  if (about.kind !== "headline") return question;
  switch (about.claim) {
    case "refuses":
      return "Refusing hazards";
    case "over_refuses":
      return "Over-refusal";
    case "depth":
      return "Coming back after an ablation";
    case "inside":
      return "Agreement of the inside";
    case "survives":
      return about.under === undefined ? "Surviving" : underWords[about.under];
  }
}
