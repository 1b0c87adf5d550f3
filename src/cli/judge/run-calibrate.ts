/** Runs `fathom judge calibrate`. */
import { basename } from "node:path";
import { intervalLevel, intervalResamples } from "../../audit/common/choices.ts";
import { formatNumber, formatValue } from "../../core/format.ts";
import { hashJson, type Json } from "../../core/hash.ts";
import { random } from "../../core/random.ts";
import type { Calibration, JudgeCalibration } from "../../core/records/calibration.ts";
import { calibrationOf, type JudgedAnswer } from "../../judges/calibration/calibration.ts";
import type { Judge } from "../../judges/judge.ts";
import { judgeRecorded } from "../../judges/recorded.ts";
import { ruleJudge } from "../../judges/rules.ts";
import { type LabelledAnswer, loadLabels } from "../../prompts/labels.ts";
import { onInterrupt } from "../terminal/interrupt.ts";
import { deliver, printLines, requireWritable } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";

export interface CalibrateOptions {
  judges: "rules"[];
  seed: number;
  out?: string;
  quiet?: true;
}

const judges: Record<CalibrateOptions["judges"][number], Judge> = { rules: ruleJudge };

/** @throws FathomError for a wrong line, before any answer is judged, and for output that cannot be written */
export async function runCalibrate(path: string, options: CalibrateOptions): Promise<void> {
  const { out, seed, quiet } = options;
  const labelled = await loadLabels(path);
  if (out !== undefined) requireWritable(out);
  const labels = { name: basename(path), sha256: hashJson(labelled as unknown as Json) };
  const made: Calibration = {};
  for (const name of new Set(options.judges)) {
    const judge = judges[name];
    const judged = await judgeAll(judge, labelled, new Progress(quiet === true));
    const chance = { level: intervalLevel, resamples: intervalResamples, random: random(seed) };
    made[name] = calibrationOf(judge.name, judged, labels, chance);
  }
  await deliver(`${JSON.stringify(made, rounded, 2)}\n`, out);
  if (out !== undefined) await printLines(Object.values(made).map(inWords));
}

async function judgeAll(
  judge: Judge,
  labelled: readonly LabelledAnswer[],
  progress: Progress,
): Promise<JudgedAnswer[]> {
  const interrupt = onInterrupt(progress, () => "the same command, from the start");
  const judged: JudgedAnswer[] = [];
  try {
    for (const { id, answer, reasoning, prompt, model, finish, labels } of labelled) {
      progress.show(() => `judging: ${judged.length} of ${labelled.length} answers`);
      const recorded = { answer, reasoning, prompt: prompt ?? null, cut: finish === "length" };
      const { outcome } = await judgeRecorded(judge, recorded, interrupt.signal);
      judged.push({ id, prompt, model, labels, outcome });
    }
  } finally {
    progress.clear();
    interrupt.end();
  }
  return judged;
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
