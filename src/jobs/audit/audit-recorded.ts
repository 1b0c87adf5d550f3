/** An audit of answers that another tool recorded. No model is opened, and nothing is asked. */
import { panelName } from "../../judges/panel.ts";
import type { DirectoryContext } from "../job/job.ts";
import { closeJudges, openJudges } from "../judges/open-judges.ts";
import { recordedAsker } from "./answers/take-recorded.ts";
import type { AuditEvent } from "./audit-events.ts";
import { beginRun } from "./begin.ts";
import { readCalibration } from "./calibration.ts";
import type { RecordedPlan } from "./plan.ts";
import { type PreparedRecording, prepareRecorded } from "./prepare-recorded.ts";
import { performRun, type RunRecords } from "./run.ts";

/** @throws FathomError for a file of answers that cannot be used, and if a judge cannot be asked; its votes until then are kept */
export async function auditRecorded(
  plan: RecordedPlan,
  context: DirectoryContext<AuditEvent>,
): Promise<RunRecords> {
  const { out, resume, tell, signal } = context;
  const prepared = await prepareRecorded(plan);
  signal.throwIfAborted();
  const release = beginRun(out, prepared, resume);
  try {
    for (const text of prepared.manifest.notes) tell({ kind: "note", of: "answers", text });
    tell({ kind: "stoppable", now: true });
    return await perform(plan, prepared, context);
  } finally {
    tell({ kind: "stoppable", now: false });
    release();
  }
}

async function perform(
  plan: RecordedPlan,
  prepared: PreparedRecording,
  context: DirectoryContext<AuditEvent>,
): Promise<RunRecords> {
  const { out, tell, signal } = context;
  const judges = await openJudges(plan.judges, context);
  try {
    const calibration = readCalibration(plan.calibration, panelName(judges));
    const asker = recordedAsker(prepared.recorded, prepared.plan.caps[0]!);
    const subject = { asker, inside: null, replies: null, judges, calibration };
    // Nothing is generated, so there is no progress to tell before the judges'.
    const run = await performRun(out, prepared, subject, () => undefined, tell, signal);
    signal.throwIfAborted();
    tell({ kind: "answered", answers: run.observations.length, made: null, recorded: true });
    return run;
  } finally {
    await closeJudges(judges);
  }
}
