/**
 * The folder of a training until its SAE is written: `OUT.training` with the settings, the activations and the last state. It is
 * removed at the end. While it exists, `--resume` goes on, and only with the same settings.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readJson, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { lockName } from "../../files/disk/lock.ts";
import { isShardFile } from "../../sae/code/activation-shards.ts";
import { unseenName } from "../../sae/code/fingerprint.ts";
import { firstDifference } from "../job/difference.ts";
import { takeFolder } from "../job/job-folder.ts";

const spansName = "prompts.json";
const ours = new Set(["settings.json", spansName, lockName]);
const outputs = new Set(["training.json", "cfg.json", "sae_weights.safetensors", unseenName]);

/** Everything that decides the result, by name. */
export type TrainingSettings = Readonly<Record<string, string | number>>;

export interface TrainingFolder {
  rows: string;
  /** Whether all activations are on the disk: a file that is written after the last shard exists. */
  rowsAreWhole: boolean;
  /** The file that says which tokens belong to each labelled prompt. */
  spans: string;
  /** The path of a training's last state, and whether it exists. @param name of a training, if it is not the only one */
  state(name?: string): { path: string; kept: boolean };
  remove(): void;
  /** Releases the lock. */
  release: () => void;
}

/** The folder in which a training of `out` works. */
export const folderOf = (out: string): string => `${resolve(out)}.training`;
const settingsOf = (out: string): string => join(folderOf(out), "settings.json");

/** Whether there is something that `--resume` goes on with. */
export const hasBegun = (out: string): boolean => existsSync(settingsOf(out));

/**
 * Makes the folder, or goes on with the one that exists, and locks it against other processes.
 * @throws FathomError if another training or an SAE is there, if there is nothing to resume, if the settings are not those of
 *   the start, and while another process is at work on it
 */
export function trainingFolder(out: string, settings: TrainingSettings, resume: boolean): TrainingFolder {
  const folder = folderOf(out);
  const begun = settingsOf(out);
  const rows = join(folder, "rows");
  // A folder without settings is a start that did not finish.
  const goesOn = resume && (existsSync(begun) || !existsSync(folder));
  const place = {
    path: folder,
    requireOurs() {
      if (goesOn) sameSettings(begun, out, settings);
      else requirePlace(folder, begun, out);
    },
    partials: [
      [folder, (name: string) => ours.has(name) || name.endsWith(".safetensors")] as const,
      [rows, isShardFile] as const,
      [out, (name: string) => outputs.has(name)] as const,
    ],
  };
  const release = takeFolder(place, () => {
    if (!goesOn) writeTextAtomically(begun, `${JSON.stringify(settings, null, 1)}\n`);
  });
  return {
    release,
    rows,
    spans: join(folder, spansName),
    rowsAreWhole: existsSync(join(rows, "shards.json")),
    state(name = "state") {
      const path = join(folder, `${name}.safetensors`);
      return { path, kept: existsSync(path) };
    },
    remove() {
      try {
        // The settings go first: if a kill leaves the rest, it does not look like a training that was interrupted.
        rmSync(begun, { force: true });
        rmSync(folder, { recursive: true, force: true });
      } catch (error) {
        throw writeProblem(folder, error);
      }
    },
  };
}

function requirePlace(folder: string, begun: string, out: string): void {
  if (existsSync(begun))
    throw badInput(
      folder,
      "no training under way",
      "one that was cut",
      "--resume to go on with it, or remove the folder",
    );
  requireFree(out);
}

/** @throws FathomError if something is at the path, other than a folder that holds at most the `allowed` names */
export function requireFree(out: string, allowed: readonly string[] = []): void {
  const there = foundAt(out, allowed);
  if (there !== null) throw badInput(out, "a folder that is not there yet", there, "another --out");
}

/** What is in the way at the path; null for nothing and for a folder without other names than the `allowed` ones. */
function foundAt(path: string, allowed: readonly string[]): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isDirectory()) return "a file";
  return readdirSync(path).every((name) => allowed.includes(name)) ? null : "one with files in it";
}

function sameSettings(begun: string, out: string, settings: TrainingSettings): void {
  if (!existsSync(begun))
    throw badInput(out, "a training that was cut", "none", "the command without --resume");
  const kept = z.record(z.string(), z.union([z.string(), z.number()])).safeParse(readJson(begun));
  if (!kept.success) throw badInput(begun, "the settings of a training", "something else");
  const differing = firstDifference(kept.data, settings, () => false);
  if (differing === null) return;
  throw badInput(
    `${out}: --resume`,
    `${differing.path.slice(1)} ${said(differing.begun)}, as the training began`,
    said(differing.now),
    "the same options, or another --out",
  );
}

/** A setting in an error. */
export function said(setting: unknown): string {
  return typeof setting === "string" || typeof setting === "number" ? String(setting) : "unset";
}
