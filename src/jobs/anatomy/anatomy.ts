/**
 * An anatomy of a checkpoint's refusals as a job: which direction carries them, which features must fail before they end, and
 * which wake when these fail. begin.ts describes its directory.
 */
import { join } from "node:path";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { type Model, modelOf } from "../../model/model.ts";
import { engineOptions } from "../inputs/engine-options.ts";
import { tellNotes } from "../inputs/open-named.ts";
import { type DirectoryContext, type Job, untilAborted } from "../job/job.ts";
import type { AnatomyRecords } from "./anatomy-records.ts";
import { beginAnatomy, derived, measurementsPath } from "./begin.ts";
import { JournalMemory } from "./memory/memory.ts";
import { requireMemory } from "./plan/memory-need.ts";
import type { AnatomyPlan } from "./plan/plan.ts";
import { prepareAnatomy } from "./prepare.ts";
import { takenApart } from "./taken-apart.ts";

export const anatomy: Job<AnatomyPlan, AnatomyRecords, DirectoryContext> = async (plan, context) =>
  await untilAborted(context.signal, async () => {
    const { out, resume, threads, keepRounded, tell, signal } = context;
    const prepared = await prepareAnatomy(plan, threads, tell);
    signal.throwIfAborted();
    const { checkpoint, saes } = prepared;
    requireMemory(checkpoint.config, plan.precision, saes, process.availableMemory());
    const release = beginAnatomy(out, { ...prepared, prompts: prepared.promptLines }, resume);
    let memory: JournalMemory | null = null;
    let model: Model | null = null;
    try {
      tellNotes(prepared.checkpoint, "greedy", tell);
      memory = new JournalMemory(measurementsPath(out));
      const { precision, device } = plan;
      const engine = engineOptions({ threads, precision, device, keepRounded }, tell, signal);
      model = await modelOf(prepared.checkpoint, engine);
      tell({ kind: "stoppable", now: true });
      const records = await takenApart(prepared, { model, memory, threads, tell });
      const [anatomyName, findingsName] = derived;
      writeTextAtomically(join(out, anatomyName), `${JSON.stringify(records.anatomy, null, 1)}\n`);
      writeTextAtomically(join(out, findingsName), `${JSON.stringify(records.findings, null, 2)}\n`);
      return records;
    } finally {
      tell({ kind: "stoppable", now: false });
      await model?.close();
      await memory?.close();
      release();
    }
  });
