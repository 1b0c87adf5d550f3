/**
 * Where a training run is kept until its SAE is written: `OUT.training` with the settings, the activations and the last
 * state. It is removed at the end; while it is there, `--resume` goes on with the same settings and no others.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { makeFolder, readJson, writeProblem, writeTextAtomically } from "../../files/io.ts";

/** What decides the result, by name. */
export type TrainingSettings = Readonly<Record<string, string | number>>;

export interface TrainingFolder {
  path: string;
  rows: string;
  /** Written after every shard: with it the activations are whole. */
  rowsAreWhole: boolean;
  /** Where it is written what tokens each labelled prompt has. */
  spans: string;
  /** Where the last state of a training is, and whether one is there. @param name of a training, if it is not the only one */
  state(name?: string): { path: string; kept: boolean };
  remove(): void;
}

const folderOf = (out: string): string => `${resolve(out)}.training`;
const settingsOf = (out: string): string => join(folderOf(out), "settings.json");

/** Whether there is something that `--resume` goes on with. */
export const hasBegun = (out: string): boolean => existsSync(settingsOf(out));

/** @throws FathomError where another run or SAE is, where there is nothing to resume, and for other settings than its own */
export function trainingFolder(out: string, settings: TrainingSettings, resume: boolean): TrainingFolder {
  const folder = folderOf(out);
  const begun = settingsOf(out);
  if (resume) sameSettings(begun, out, settings);
  else begin(folder, begun, out, settings);
  const rows = join(folder, "rows");
  return {
    path: folder,
    rows,
    spans: join(folder, "prompts.json"),
    rowsAreWhole: existsSync(join(rows, "shards.json")),
    state(name = "state") {
      const path = join(folder, `${name}.safetensors`);
      return { path, kept: existsSync(path) };
    },
    remove() {
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch (error) {
        throw writeProblem(folder, error);
      }
    },
  };
}

function begin(folder: string, begun: string, out: string, settings: TrainingSettings): void {
  if (existsSync(begun))
    throw badInput(
      folder,
      "no training under way",
      "one that was cut",
      "--resume to go on with it, or remove the folder",
    );
  const there = foundAt(out);
  if (there !== null) throw badInput(out, "a folder that is not there yet", there, "another --out");
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeProblem(folder, error);
  }
  writeTextAtomically(begun, `${JSON.stringify(settings, null, 1)}\n`);
}

/** What is in the way; an empty folder is not. */
function foundAt(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isDirectory()) return "a file";
  return readdirSync(path).length === 0 ? null : "one with files in it";
}

function sameSettings(begun: string, out: string, settings: TrainingSettings): void {
  if (!existsSync(begun))
    throw badInput(
      out,
      "a training that was cut",
      existsSync(out) ? "none; what is there is finished" : "none",
      "the command without --resume",
    );
  const kept = z.record(z.string(), z.union([z.string(), z.number()])).safeParse(readJson(begun));
  if (!kept.success) throw badInput(begun, "the settings of a training", "something else");
  for (const name of new Set([...Object.keys(kept.data), ...Object.keys(settings)]))
    if (kept.data[name] !== settings[name])
      throw badInput(
        `${out}: --resume`,
        `${name} ${kept.data[name] ?? "unset"}, as the training began`,
        String(settings[name] ?? "unset"),
        "the same options, or another --out",
      );
}
