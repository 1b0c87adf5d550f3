/** Runs `fathom audit`: makes a plan from the options, runs the job, writes the report and prints its summary. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { badInput, exitCode } from "../../core/errors.ts";
import type { PlacedGate } from "../../core/results/gate.ts";
import { audit, openAudit } from "../../jobs/audit/audit.ts";
import type { AuditEvent } from "../../jobs/audit/audit-events.ts";
import { fidelityOfPlan, isTooFar } from "../../jobs/audit/fidelity-of-run.ts";
import { hasBegun } from "../../jobs/audit/manifest.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";
import { isEndpointPlan, prepareEndpoint } from "../../jobs/audit/prepare-endpoint.ts";
import { prepareRecorded } from "../../jobs/audit/prepare-recorded.ts";
import type { RunRecords } from "../../jobs/audit/run.ts";
import { reportOfRun, tooMuchUnjudged } from "../../jobs/audit-report/report-of-run.ts";
import { tellNotes } from "../../jobs/inputs/open-named.ts";
import type { JobContext } from "../../jobs/job/job.ts";
import { requireTemplate, writeReport } from "../../jobs/report-files/report-files.ts";
import { reportDefaults } from "../../library/defaults.ts";
import { answersAt } from "../../model/checkpoint/checkpoint.ts";
import { applyGates, gateJson, gateLines, gatesOf } from "../gate/gate.ts";
import { summaryOf } from "../report/summary.ts";
import { complain } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { print, printJson, printLines } from "../terminal/output.ts";
import type { Progress } from "../terminal/progress.ts";
import { resumeCommand } from "../terminal/resume-command.ts";
import { dryRun } from "./dry-run.ts";
import { dryRunEndpoint } from "./dry-run-endpoint.ts";
import { dryRunRecorded } from "./dry-run-recorded.ts";
import type { AuditOptions } from "./options.ts";
import { withOwnPrompts } from "./own-prompts.ts";
import { planOf } from "./plan-of.ts";
import { planYaml } from "./plan-yaml.ts";
import { tooFarWords } from "./too-far.ts";

/** @returns the exit code */
export async function runAudit(planFile: string | undefined, options: AuditOptions): Promise<number> {
  const { plan: asked, out } = planOf(planFile, options);
  if (out === null && options.dryRun !== true)
    throw badInput("--out", "the run's directory", "none", "--out runs/NAME, or --dry-run to see the plan");
  if (options.yaml === true) requirePrinted(options);
  const gates = gatesOf(options.gate);
  const plan = await withOwnPrompts(asked, out, options.resume === true);
  const goOn = () =>
    resumeCommand(process.argv.slice(2), out !== null && options.dryRun !== true && hasBegun(out));
  return await interruptible(options.quiet === true, goOn, async ({ progress, signal, tell }) => {
    const context = {
      threads: options.threads ?? null,
      keepRounded: options.cache,
      tell,
      signal,
    };
    if (options.dryRun === true || out === null) return await tryDry(plan, out, context, progress, options);
    requireTemplate();
    const result = await audit(plan, { ...context, out, resume: options.resume === true });
    if (result.finished) return await tellResult(result.run, plan, out, gates, options);
    progress.clear();
    complain(tooFarWords(result.tooFar, plan));
    return exitCode.threshold;
  });
}

/** Prints the plan of the run: as YAML, or with its cost. Nothing is asked. */
async function tryDry(
  plan: AuditPlan,
  out: string | null,
  context: JobContext<AuditEvent>,
  progress: Progress,
  { yaml, json }: AuditOptions,
): Promise<number> {
  const form = { yaml: yaml === true, json: json === true };
  if (plan.answers !== null) {
    await dryRunRecorded(await prepareRecorded(plan), plan, out, form);
    return exitCode.ok;
  }
  if (isEndpointPlan(plan)) {
    await dryRunEndpoint(await prepareEndpoint(plan), out, form);
    return exitCode.ok;
  }
  const { tell, threads } = context;
  const { checkpoint, prepared, engine } = await openAudit(plan, context);
  tellNotes(checkpoint, answersAt(plan.temperature), tell);
  if (yaml === true) {
    progress.clear();
    await print(planYaml(plan, out, process.cwd()));
    return exitCode.ok;
  }
  const fidelity = plan.fidelity
    ? await fidelityOfPlan({ prepared, engine, tell }, join(tmpdir(), "fathom-fidelity"))
    : null;
  progress.clear();
  await dryRun(prepared, checkpoint, { threads, json: json === true, fidelity });
  if (!isTooFar(fidelity, plan)) return exitCode.ok;
  complain(tooFarWords(fidelity, plan));
  return exitCode.threshold;
}

/** Writes the report beside the records, and prints its summary. */
async function tellResult(
  run: RunRecords,
  { show_text }: AuditPlan,
  out: string,
  gates: readonly PlacedGate[] | null,
  { json }: AuditOptions,
): Promise<number> {
  const { findings } = run;
  const data = reportOfRun(run, show_text);
  const files = writeReport(data, out, reportDefaults.formats);
  const gated = applyGates(gates, { title: data.title, findings, folder: out });
  if (json === true) await printJson({ run: out, findings, ...gateJson(gated) });
  else await printLines([...summaryOf(data, files), ...gateLines(gated)]);
  const unjudged = tooMuchUnjudged(run);
  if (unjudged !== null) complain(unjudged);
  if (gated !== null && gated.code !== exitCode.ok) return gated.code;
  return unjudged === null ? exitCode.ok : exitCode.error;
}

/** @throws FathomError for --yaml without --dry-run, because a run prints more than its plan, and for --yaml with --json */
function requirePrinted({ dryRun, json }: AuditOptions): void {
  if (dryRun !== true)
    throw badInput("--yaml", "--dry-run beside it", "none", "fathom audit … --dry-run --yaml");
  if (json === true) throw badInput("--yaml", "--yaml or --json", "both");
}
