/**
 * Begins a run, or goes on with one. A kill or a full disk can leave a start that did not finish: a part of the files that
 * Fathom writes before the first answer. The same command goes on from there, with or without `--resume`. A run that holds an
 * answer goes on only with `--resume` and the same inputs. A folder with anybody else's files is refused.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import { hashFile } from "../../files/disk/hash-file.ts";
import { makeFolder, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { lockName } from "../../files/disk/lock.ts";
import { isPartial } from "../../files/disk/partial.ts";
import { hasRecords } from "../../files/lines/journal.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { takeFolder } from "../job/job-folder.ts";
import { repliesName } from "./answers/replies.ts";
import { activationsFolder, isSidecar } from "./answers/sidecar.ts";
import {
  type Manifest,
  manifestPath,
  promptsName,
  readManifest,
  requireSameInputs,
  sameInputs,
  writeManifest,
} from "./manifest.ts";
import { observationsPath } from "./observe.ts";
import type { PreparedRun } from "./prepare.ts";

interface Beginning {
  manifest: Manifest;
  /** Text of prompts.jsonl, whose SHA-256 the manifest has. */
  prompts: string;
}

const atStart = [
  ...[
    "manifest.json",
    promptsName,
    repliesName,
    "observations.jsonl",
    "activations",
    "votes.jsonl",
    "kl.jsonl",
  ],
];
const later = ["verdicts.jsonl", "inside.json", "catalog.json", "findings.json"];
const reports = ["report.html", "report.md", "report.json", "report.xml", "gate.xml", "gate.md"];
const ours = new Set([...atStart, ...later, ...reports, lockName, "fidelity", "kl"]);
const isOurs = (name: string): boolean => ours.has(name);

/**
 * Makes the run's directory, or goes on with the one that exists, and locks it against other processes.
 * @returns a function that releases the lock
 * @throws FathomError if the directory holds a run with answers and `resume` is false, a run of other inputs, or something else;
 *   and while another process is at work on it
 */
export function beginRun(
  run: string,
  { manifest, prompts }: Pick<PreparedRun, "manifest" | "prompts">,
  resume: boolean,
): () => void {
  const now = { manifest, prompts: jsonLines(prompts) };
  const folder = {
    path: run,
    requireOurs() {
      requireOurs(run, now);
    },
    partials: [[run, isOurs] as const, [join(run, activationsFolder), isSidecar] as const],
  };
  return takeFolder(folder, () => {
    start(run, now, resume);
  });
}

/** @throws FathomError, before anything is written, for a folder that is neither new nor a run nor the start of one */
function requireOurs(run: string, { prompts }: Beginning): void {
  if (existsSync(manifestPath(run))) return;
  try {
    makeFolder(run);
    const strange = readdirSync(run).find((name) => {
      if (name === lockName || isPartial(name, isOurs)) return false;
      // Older versions wrote the prompts first.
      return name !== promptsName || readFileSync(join(run, name), "utf8") !== prompts;
    });
    if (strange !== undefined)
      throw badInput(
        run,
        "a new or empty folder, or a run",
        `a folder that holds ${strange}`,
        "another --out",
      );
  } catch (error) {
    throw writeProblem(run, error);
  }
}

function start(run: string, now: Beginning, resume: boolean): void {
  if (!existsSync(manifestPath(run))) {
    writeStart(run, now);
    return;
  }
  const begun = readManifest(run);
  if (resume) requireSameInputs(run, begun, now.manifest);
  else if (hasAnswers(run))
    throw badInput(run, "a new or empty folder", "a run already begun", "--resume, or another --out");
  else if (!sameInputs(begun, now.manifest)) {
    writeStart(run, now);
    return;
  }
  keepPrompts(run, begun, now);
}

/** Writes the manifest first, because a folder without one is not a run. */
function writeStart(run: string, { manifest, prompts }: Beginning): void {
  writeManifest(run, manifest);
  writeTextAtomically(join(run, promptsName), prompts);
}

function hasAnswers(run: string): boolean {
  return (
    hasRecords(observationsPath(run)) ||
    hasRecords(join(run, repliesName)) ||
    [...later, ...reports].some((name) => existsSync(join(run, name)))
  );
}

/**
 * Writes missing prompts again. Prompts that differ from those of the start were changed by somebody, and are not overwritten.
 */
function keepPrompts(run: string, begun: Manifest, { manifest, prompts }: Beginning): void {
  const path = join(run, promptsName);
  const known = begun.files[promptsName];
  if (existsSync(path)) {
    if (known === undefined || hashFile(path) === known) return;
    throw badInput(
      path,
      `the prompts that the run began with (SHA-256 ${known})`,
      "others",
      "restore the file, or remove it: --resume writes it again",
    );
  }
  writeTextAtomically(path, prompts);
  if (known !== hashText(prompts)) writeManifest(run, { ...begun, files: manifest.files });
}
