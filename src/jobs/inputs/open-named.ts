/**
 * Opens the checkpoint that the command line names, under a name that people know: the name of a snapshot's folder is a hash.
 * A command tells the notes on how the files were read once, after it has accepted all of its input.
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

/** @throws FathomError for a name that does not exist, that cannot be fetched, or that is not a checkpoint */
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

/** @param answers how the model will answer: notes on answers are told only if they apply */
export function tellNotes(checkpoint: Checkpoint, answers: Answers, tell: Tell): void {
  for (const text of notesOf(checkpoint, answers)) tell({ kind: "note", of: "checkpoint", text });
}
