/** What `fathom audit` does: plan, open, observe, judge, analyse, report. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { badInput, exitCode } from "../../core/errors.ts";
import { beginRun } from "../../jobs/audit/begin.ts";
import { hasBegun } from "../../jobs/audit/manifest.ts";
import type { ObserveProgress } from "../../jobs/audit/observe.ts";
import { kOfSae, pathOfSae } from "../../jobs/audit/plan.ts";
import { prepare } from "../../jobs/audit/prepare.ts";
import { performRun } from "../../jobs/audit/run.ts";
import { answersAt } from "../../model/checkpoint/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { reportDefaults } from "../options/defaults.ts";
import { locateSae } from "../options/locate.ts";
import { openNamed, sayNotes } from "../options/open-named.ts";
import { reportOfRun, tooMuchUnjudged } from "../report/report-of-run.ts";
import { summaryOf } from "../report/summary.ts";
import { requireTemplate, writeReport } from "../report/write-report.ts";
import { complain } from "../terminal/failure.ts";
import { onInterrupt } from "../terminal/interrupt.ts";
import { print, printJson, printLines } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { count, duration } from "../terminal/quantities.ts";
import { resumeCommand } from "../terminal/resume-command.ts";
import { engineOptions } from "../tokens/engine-options.ts";
import { dryRun } from "./dry-run.ts";
import { fidelityOfPlan, fidelityOfRun, isTooFar, tooFarWords } from "./fidelity.ts";
import type { AuditOptions } from "./options.ts";
import { planOf } from "./plan-of.ts";
import { planYaml } from "./plan-yaml.ts";

/** @returns the exit code */
export async function runAudit(planFile: string | undefined, options: AuditOptions): Promise<number> {
  const { plan, out } = planOf(planFile, options);
  if (out === null && options.dryRun !== true)
    throw badInput("--out", "the run's directory", "none", "--out runs/NAME, or --dry-run to see the plan");
  if (options.yaml === true) requirePrinted(options);
  const progress = new Progress(options.quiet === true);
  const interrupt = onInterrupt(progress, () =>
    resumeCommand(process.argv.slice(2), out !== null && options.dryRun !== true && hasBegun(out)),
  );
  let release: (() => void) | null = null;
  try {
    progress.show(() => "reading the model's files");
    const { checkpoint, origins } = await openNamed(plan, progress);
    const located = [];
    for (const named of plan.sae) located.push(await locateSae(pathOfSae(named), progress));
    const saes = located.map(({ path }, i) => openSae(path, undefined, kOfSae(plan.sae[i]!)));
    const threads = options.threads ?? null;
    const from = { ...origins, sae: located.map(({ origin }) => origin) };
    const prepared = await prepare(plan, checkpoint, saes, threads, from);
    const engine = {
      ...engineOptions({ ...options, precision: plan.precision, device: plan.device }, progress),
      signal: interrupt.signal,
    };
    const request = { prepared, engine, progress };
    if (options.dryRun === true || out === null) {
      sayNotes(checkpoint, answersAt(plan.temperature), progress);
      if (options.yaml === true) {
        progress.clear();
        await print(planYaml(plan, out, process.cwd()));
        return exitCode.ok;
      }
      const fidelity = plan.fidelity
        ? await fidelityOfPlan(request, join(tmpdir(), "fathom-fidelity"))
        : null;
      progress.clear();
      await dryRun(prepared, checkpoint, { threads, json: options.json === true, fidelity });
      if (!isTooFar(fidelity, plan)) return exitCode.ok;
      complain(tooFarWords(fidelity, plan));
      return exitCode.threshold;
    }
    requireTemplate();
    release = beginRun(out, prepared, options.resume === true);
    sayNotes(checkpoint, answersAt(plan.temperature), progress);

    interrupt.heeded = true;
    const fidelity = plan.fidelity ? await fidelityOfRun(out, request) : null;
    if (isTooFar(fidelity, plan)) {
      progress.clear();
      complain(tooFarWords(fidelity, plan));
      return exitCode.threshold;
    }
    const model = await modelOf(checkpoint, engine);
    let last: ObserveProgress | null = null;
    const run = await performRun(out, prepared, model, saes, (now) => {
      last = now;
      progress.show(() => progressLine(now));
    }).finally(() => model.close());
    interrupt.heeded = false;
    if (interrupt.signal.aborted) return exitCode.interrupted;
    progress.finish(lastLine(last, run.observations.length));

    const data = reportOfRun(run, plan.show_text);
    const files = writeReport(data, out, reportDefaults.formats);
    if (options.json === true) await printJson({ run: out, findings: run.findings });
    else await printLines(summaryOf(data, files));
    const unjudged = tooMuchUnjudged(run);
    if (unjudged === null) return exitCode.ok;
    complain(unjudged);
    return exitCode.error;
  } catch (error) {
    // What was at work failed because it was asked to.
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    progress.clear();
    interrupt.end();
    release?.();
  }
}

/** A run has more to print than its plan. */
function requirePrinted({ dryRun, json }: AuditOptions): void {
  if (dryRun !== true)
    throw badInput("--yaml", "--dry-run beside it", "none", "fathom audit … --dry-run --yaml");
  if (json === true) throw badInput("--yaml", "--yaml or --json", "both");
}

function progressLine({ done, total, tokens, seconds, left }: ObserveProgress): string {
  const rate = `${count(tokens / seconds)} tokens/s`;
  return `${done} of ${total} answers, ${rate}${left === null ? "" : `, ${duration(left)} left`}`;
}

function lastLine(last: ObserveProgress | null, answers: number): string {
  if (last === null) return `${answers} answers, all there already`;
  const { tokens, seconds } = last;
  return `${answers} answers; ${count(tokens)} tokens in ${duration(seconds)}, ${count(tokens / seconds)} tokens/s`;
}
