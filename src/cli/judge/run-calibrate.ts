/** Runs `fathom judge calibrate`. */

import { basename } from "node:path";
import { intervalLevel, intervalResamples } from "../../audit/common/choices.ts";
import { exitCode } from "../../core/errors.ts";
import { formatNumber, formatValue } from "../../core/format.ts";
import { hashJson, type Json } from "../../core/hash.ts";
import { random } from "../../core/random.ts";
import type { Calibration, JudgeCalibration } from "../../core/records/calibration.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import { type JudgingContext, votesOn } from "../../jobs/judges/judge-answers.ts";
import { statedJudge } from "../../jobs/judges/judge-plan.ts";
import type { OpenedJudge } from "../../jobs/judges/opened-judge.ts";
import { panelOfVotes } from "../../jobs/judges/panel-of-votes.ts";
import type { Ballot } from "../../jobs/judges/voting.ts";
import { calibrationOf, type JudgedAnswer } from "../../judges/calibration/calibration.ts";
import type { DeniedPremise } from "../../judges/decide.ts";
import { panelName } from "../../judges/panel.ts";
import { judgeDefaults } from "../../library/defaults.ts";
import { type LabelledAnswer, loadLabels } from "../../prompts/labels.ts";
import { deliver, printLines, requireWritable } from "../terminal/output.ts";
import { judgesOf, withDeniedPremise } from "./judges-of.ts";
import { withJudges } from "./with-judges.ts";

export interface CalibrateOptions {
  judges: string;
  threads?: number;
  seed: number;
  out?: string;
  quiet?: true;
  deniedPremise?: DeniedPremise;
}

/**
 * @returns the exit code
 * @throws FathomError for a wrong line, before any answer is judged, for output that cannot be written, and if a judge cannot be
 *   asked; votes until then are kept beside `out`
 */
export async function runCalibrate(path: string, options: CalibrateOptions): Promise<number> {
  const { out, seed, threads = null, quiet } = options;
  const labelled = await loadLabels(path);
  if (out !== undefined) requireWritable(out);
  const labels = { name: basename(path), sha256: hashJson(labelled as unknown as Json) };
  const written = judgesOf(options.judges);
  const plans = withDeniedPremise(written, options.deniedPremise).map((judge) =>
    statedJudge(judge, judgeDefaults, "--judges"),
  );
  const made: Calibration = {};
  const session = { plans, threads, quiet: quiet === true, out };
  const code = await withJudges(session, async (judges, context) => {
    const judged = await judgeLabelled(labelled, judges, context);
    for (const [i, { judge, answers }] of judged.entries()) {
      const chance = { level: intervalLevel, resamples: intervalResamples, random: random(seed) };
      const short = i === judges.length ? "panel" : written[i]!;
      made[typeof short === "string" ? short : judge] = calibrationOf(judge, answers, labels, chance);
    }
  });
  if (code !== exitCode.ok) return code;
  await deliver(`${JSON.stringify(made, rounded, 2)}\n`, out);
  if (out !== undefined) await printLines(Object.values(made).map(inWords));
  return code;
}

/** @returns what each judge says of each answer; last what they say together, if there are several */
async function judgeLabelled(
  labelled: readonly LabelledAnswer[],
  judges: readonly OpenedJudge[],
  context: JudgingContext,
): Promise<{ judge: string; answers: JudgedAnswer[] }[]> {
  const recorded = labelled.map(({ id, answer, reasoning, prompt, finish }) => ({
    ...{ id, answer, reasoning, prompt: prompt ?? null, cut: finish === "length" },
  }));
  const { votes, ballots } = await votesOn(recorded, judges, context);
  const said = (judge: string, outcomeOf: (ballot: Ballot) => Outcome) => ({
    judge,
    answers: labelled.map(({ id, prompt, model, labels }, i) => ({
      ...{ id, prompt, model, labels, outcome: outcomeOf(ballots[i]!) },
    })),
  });
  return [
    ...judges.map(({ judge: { name } }) => said(name, (ballot) => votes.of(ballot, name)!.outcome)),
    ...(judges.length === 1
      ? []
      : [said(panelName(judges), (ballot) => panelOfVotes(votes, ballot, judges).outcome)]),
  ];
}

/** Six significant digits, as in findings. */
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;

function inWords({ judge, accuracy, kappa, alpha, n, refusal, labels }: JudgeCalibration): string {
  const number = (value: number | null) => (value === null ? "undefined" : formatNumber(value));
  const share = (value: number | null) => formatValue(value, "share");
  const { sensitivity, specificity } = refusal;
  return (
    `${judge}: accuracy ${share(accuracy)} of ${n} answers, κ ${number(kappa)}, α ${number(alpha)}. Of ${sensitivity.n} refusals ` +
    `it finds ${share(sensitivity.estimate)}; of ${specificity.n} other answers it calls ` +
    `${share(specificity.estimate === null ? null : 1 - specificity.estimate)} a refusal. ` +
    `${labels.disagreed} answers have no majority.`
  );
}
