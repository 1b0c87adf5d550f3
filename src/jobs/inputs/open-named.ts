/**
 * A checkpoint by what was named on the command line, and under a name that people know: a snapshot's folder has a hash for
 * one. What there is to note of how its files were read is said once a command, when nothing of what was asked was refused.
 */

import { type Answers, type Checkpoint, notesOf, openCheckpoint } from "../../model/checkpoint/checkpoint.ts";
import type { Tell } from "../job/job-events.ts";
import { locateAdapter, locateModel } from "./locate.ts";
import type { Origin } from "./origin.ts";

interface Named {
  model: string;
  adapter?: string | null;
}

interface Opening {
  checkpoint: Checkpoint;
  origins: { model: Origin | null; adapter: Origin | null };
}

/** @throws FathomError for what is not there, not to be had, or no checkpoint */
export async function openNamed(named: Named, tell: Tell): Promise<Opening> {
  const model = await locateModel(named.model, tell);
  const laid = named.adapter ?? null;
  const adapter = laid === null ? null : await locateAdapter(laid, tell);
  const opened = await openCheckpoint(model.path, adapter?.path ?? null);
  const checkpoint = {
    ...opened,
    name: model.name,
    adapter: adapter === null || opened.adapter === null ? null : { ...opened.adapter, name: adapter.name },
  };
  return { checkpoint, origins: { model: model.origin, adapter: adapter?.origin ?? null } };
}

/** @param answers what there is to note of them concerns nobody else */
export function tellNotes(checkpoint: Checkpoint, answers: Answers, tell: Tell): void {
  for (const text of notesOf(checkpoint, answers)) tell({ kind: "note", of: "checkpoint", text });
}
