/** Reads finished audits and makes the report of their comparison with the first. */
import { type Compared, compare, type RunWithFindings } from "../../audit/compare/compare.ts";
import type { FoundFlip } from "../../audit/compare/flips.ts";
import { variantsIn } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import { nameOf } from "../../core/names.ts";
import type { Identity } from "../../core/records/report.ts";
import { type Comparison, comparisonSchema, type ShownFlip } from "../../core/results/comparison.ts";
import { redactionRule, shownOf, turnsShown } from "../../report/redact.ts";
import { isAnatomy } from "../anatomy-report/anatomy-run.ts";
import { nameOfSubject } from "../audit/manifest.ts";
import { type RunRecords, readRun } from "../audit/run.ts";
import { identitiesOf } from "../audit-report/identities.ts";
import { panelOf } from "../audit-report/judges-in-words.ts";
import { differencesOf } from "./differences.ts";

interface OpenedRun {
  /** As the caller named it. */
  path: string;
  /** Without where it lies. */
  short: string;
  records: RunRecords;
}

export interface ComparisonPlan {
  /** Directories of finished audits, the base first. */
  runs: readonly string[];
  /** Seed of bootstraps and permutations. */
  seed: number;
  /** Print the answers of flips whole, also those to prompts of a hazard tier. */
  showText: boolean;
}

/**
 * @throws FathomError for fewer than two runs, a run that is not a finished audit, another judge than the base's, and runs
 *   whose answers cannot be paired
 */
export function comparisonOf({ runs, seed, showText }: ComparisonPlan): Comparison {
  const [base, ...others] = opened(runs);
  if (base === undefined || others.length === 0)
    throw badInput(
      "runs",
      "two or more, the base first",
      String(runs.length),
      "fathom compare runs/base runs/tuned",
    );
  const all = [base, ...others];
  const made = others.map((other) => {
    requireSameJudge(base, other);
    return compare(sideOf(base), sideOf(other), seed);
  });
  const flips = made.flatMap((one) => one.flips.map((flip) => shownFlip(flip, showText)));
  const joined = <T>(of: (one: Compared) => readonly T[]): T[] => made.flatMap(of);
  return comparisonSchema.parse({
    schema: 1,
    kind: "comparison",
    title: `${others.map(({ short }) => short).join(", ")} compared with ${base.short}`,
    runs: all.map(({ path, records }) => ({ run: path, subject: nameOfSubject(records.manifest.inputs) })),
    differences: differencesOf(all.map(({ records }) => records.manifest)),
    notes: [...joined(({ notes }) => notes), ...sameThing(all)],
    findings: joined(({ findings }) => findings),
    failure_modes: joined(({ failure_modes }) => failure_modes),
    flips,
    identities: all.flatMap(factsOf),
    redaction: {
      applied: !showText,
      rule: redactionRule,
      answers: flips.flatMap(({ answers }) => answers).filter(({ redacted }) => redacted).length,
    },
    not_measured: [
      "What the runs differ in cannot be told apart: where several things differ, a change may come from each.",
      "D and other findings through an SAE: features of two models are not the same features.",
      "What the judge gets wrong in one run and not in the other: rates are as the judge counted them.",
    ],
  } satisfies Comparison);
}

function opened(runs: readonly string[]): OpenedRun[] {
  return runs.map((path, i) => {
    if (runs.indexOf(path) !== i) throw badInput("runs", "each run once", `${path} twice`);
    if (isAnatomy(path))
      throw badInput(path, "the run of an audit", "an anatomy", "fathom audit … --out RUN");
    const name = nameOf(path);
    const isShared = runs.some((other, j) => j !== i && nameOf(other) === name);
    return { path, short: isShared ? `${name} (run ${i + 1})` : name, records: readRun(path) };
  });
}

const sideOf = ({ path, short, records }: OpenedRun): RunWithFindings => ({
  ...{ name: path, short, caps: records.manifest.inputs.plan.caps },
  ...{ variants: variantsIn(records.manifest.inputs), prompts: records.prompts },
  ...{ observations: records.observations, verdicts: records.verdicts, findings: records.findings },
});

function requireSameJudge(base: OpenedRun, other: OpenedRun): void {
  const [wanted, found] = [base, other].map(({ records }) => panelOf(records.manifest.judges));
  if (wanted === found) return;
  throw badInput(
    other.short,
    `the judge of ${base.short}, ${wanted!}`,
    found!,
    "fathom audit … --resume with the judges of the other run, which judges its answers again",
  );
}

/** A note where nothing differs: the same model was asked twice. */
function sameThing(all: readonly OpenedRun[]): string[] {
  return differencesOf(all.map(({ records }) => records.manifest)).length > 0
    ? []
    : [
        "The runs were made with the same model, inputs and version: what differs between them is chance, or the machine.",
      ];
}

function factsOf({ short, records }: OpenedRun): Identity[] {
  return identitiesOf(records.manifest).map(({ subject, label, value }) => ({
    ...{ subject: `${short}: ${subject}`, label, value },
  }));
}

function shownFlip({ answers, ...flip }: FoundFlip, showText: boolean): ShownFlip {
  const [{ prompt }] = answers;
  const shown = answers.map(({ observation }) => shownOf(prompt.tier, observation.text, showText));
  return {
    ...flip,
    ...{ prompt: prompt.prompt, tier: prompt.tier, framing: prompt.framing },
    turns: turnsShown(prompt, showText),
    answers: [shown[0]!, shown[1]!],
  };
}
