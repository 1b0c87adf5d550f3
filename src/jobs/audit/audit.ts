/** An audit as a job: opens the model and SAEs of the plan, asks, judges and analyses. run.ts describes its directory. */
import type { Fidelity } from "../../core/records/fidelity.ts";
import { panelName } from "../../judges/panel.ts";
import { judgeVersion } from "../../judges/version.ts";
import { answersAt, type Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { type Model, modelOf, type OpenOptions } from "../../model/model.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { engineOptions } from "../inputs/engine-options.ts";
import { locateSae } from "../inputs/locate.ts";
import { openNamed, tellNotes } from "../inputs/open-named.ts";
import { type DirectoryContext, type Job, type JobContext, untilAborted } from "../job/job.ts";
import { closeJudges, openJudges } from "../judges/open-judges.ts";
import { engineAsker } from "./answers/ask-engine.ts";
import { auditEndpoint } from "./audit-endpoint.ts";
import type { AuditEvent } from "./audit-events.ts";
import { auditRecorded } from "./audit-recorded.ts";
import { beginRun } from "./begin.ts";
import { readAnatomyBeside } from "./beside/anatomy-beside.ts";
import { readCalibration } from "./calibration.ts";
import { fidelityOfRun, isTooFar, klOfRun, otherOfPlan } from "./fidelity-of-run.ts";
import type { ObserveProgress } from "./observe.ts";
import { type AskingPlan, type AuditPlan, kOfSae, pathOfSae } from "./plan.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { isEndpointPlan } from "./prepare-endpoint.ts";
import { performRun, type RunRecords } from "./run.ts";

export type AuditResult =
  | { finished: true; run: RunRecords }
  /** The rounded model is further from fp32 than the plan allows, so the run did not start. */
  | { finished: false; tooFar: Fidelity };

/** Everything that an audit opens before it writes anything. */
export interface OpenedAudit {
  checkpoint: Checkpoint;
  saes: Sae[];
  prepared: Prepared;
  /** The options with which the model is opened. */
  engine: OpenOptions;
}

/**
 * Fetches and opens the files that the plan names. Writes nothing of a run.
 * @throws FathomError for a file that cannot be used
 */
export async function openAudit(
  plan: AskingPlan,
  { threads, keepRounded, tell, signal }: JobContext<AuditEvent>,
): Promise<OpenedAudit> {
  // First, because fetching the model may take an hour. The names of other judges are known when they are open.
  const onlyRules = plan.judges.every((judge) => "rules" in judge);
  const calibration = onlyRules ? readCalibration(plan.calibration, judgeVersion) : null;
  tell({ kind: "working", what: "reading the model's files" });
  const { checkpoint, origins } = await openNamed(plan, tell);
  const located = [];
  for (const named of plan.sae) located.push(await locateSae(pathOfSae(named), tell));
  const saes = located.map(({ path }, i) => openSae(path, undefined, kOfSae(plan.sae[i]!)));
  const from = { ...origins, sae: located.map(({ origin }) => origin) };
  const prepared = await prepare(plan, checkpoint, saes, threads, from, calibration);
  if (plan.anatomy !== null)
    prepared.manifest.anatomy = readAnatomyBeside(plan.anatomy, prepared.manifest.inputs);
  const { precision, device } = plan;
  prepared.manifest.kl_to = await otherOfPlan(plan, checkpoint, tell);
  const engine = engineOptions({ threads, precision, device, keepRounded }, tell, signal);
  return { checkpoint, saes, prepared, engine };
}

/** `readRun` reads the records of the run again; src/jobs/audit-report/ makes its report. */
export const audit: Job<AuditPlan, AuditResult, DirectoryContext<AuditEvent>> = async (plan, context) =>
  await untilAborted(context.signal, async () => {
    if (plan.answers !== null) return { finished: true, run: await auditRecorded(plan, context) };
    if (isEndpointPlan(plan)) return { finished: true, run: await auditEndpoint(plan, context) };
    const { out, resume, tell, signal } = context;
    const opened = await openAudit(plan, context);
    signal.throwIfAborted();
    const release = beginRun(out, opened.prepared, resume);
    try {
      tellNotes(opened.checkpoint, answersAt(plan.temperature), tell);
      tell({ kind: "stoppable", now: true });
      return await perform(out, opened, plan, context);
    } finally {
      tell({ kind: "stoppable", now: false });
      release();
    }
  });

async function perform(
  out: string,
  { checkpoint, saes, prepared, engine }: OpenedAudit,
  plan: AskingPlan,
  context: JobContext<AuditEvent>,
): Promise<AuditResult> {
  const { tell, signal } = context;
  const fidelity = plan.fidelity ? await fidelityOfRun(out, { prepared, engine, tell }) : null;
  if (isTooFar(fidelity, plan)) return { finished: false, tooFar: fidelity };
  signal.throwIfAborted();
  // Judges are opened before the first answer, so that one that cannot be opened costs nothing.
  const judges = await openJudges(plan.judges, context);
  let made: { tokens: number; seconds: number } | null = null;
  const onProgress = (now: ObserveProgress) => {
    made = { tokens: now.tokens, seconds: now.seconds };
    tell({ kind: "answers", ...now });
  };
  const { units, layers, watch, thinking } = prepared;
  const askerOf = (model: Model) =>
    engineAsker({
      ...{ run: out, model, units, layers, watch, thinking },
      cap: Math.max(...plan.caps),
      batchSize: plan.batch_size,
    });
  const judged = async () => {
    if (prepared.manifest.kl_to !== null)
      await klOfRun(out, { prepared, engine, tell }, askerOf, onProgress, signal);
    const calibration = readCalibration(plan.calibration, panelName(judges));
    return await withModel(checkpoint, engine, async (model) => {
      const asker = askerOf(model);
      const subject = { asker, inside: { model, saes }, replies: null, judges, calibration };
      return await performRun(out, prepared, subject, onProgress, tell, signal);
    });
  };
  const run = await judged().finally(() => closeJudges(judges));
  signal.throwIfAborted();
  tell({ kind: "answered", answers: run.observations.length, made, recorded: false });
  return { finished: true, run };
}

async function withModel<T>(
  checkpoint: Checkpoint,
  engine: OpenOptions,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await modelOf(checkpoint, engine);
  return await work(model).finally(() => model.close());
}
