/**
 * Begins an anatomy, or goes on with one. Its directory holds:
 *
 *     manifest.json        the inputs, and the hash of the prompts; written first
 *     prompts.jsonl        the prompts of both sides, so that the directory needs no other file
 *     measurements.jsonl   one measurement per line with its checksum; a kill loses the one in progress (memory.ts)
 *     anatomy.json, findings.json   derived from the above; findings.json is last and says "done"
 *
 * It never holds a text that was generated under an edit, a direction's vector or an SAE's weights.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeFolder, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { lockName } from "../../files/disk/lock.ts";
import { isPartial } from "../../files/disk/partial.ts";
import { hasRecords } from "../../files/lines/journal.ts";
import { takeFolder } from "../job/job-folder.ts";
import {
  type AnatomyManifest,
  manifestPath,
  readManifest,
  requireSameInputs,
  sameInputs,
  writeManifest,
} from "./manifest.ts";

export const promptsName = "prompts.jsonl";
export const measurementsPath = (run: string): string => join(run, "measurements.jsonl");

/** Files that are made from the measurements. The last one says that the anatomy is finished. */
export const derived = ["anatomy.json", "findings.json"] as const;

const reports = ["report.html", "report.md", "report.json", "report.xml", "gate.xml", "gate.md"];
const ours = new Set(["manifest.json", promptsName, "measurements.jsonl", ...derived, ...reports, lockName]);
const isOurs = (name: string): boolean => ours.has(name);

/**
 * Makes the directory, or goes on with the one that exists, and locks it against other processes.
 * @param prompts text of prompts.jsonl
 * @returns a function that releases the lock
 * @throws FathomError if the directory holds an anatomy with measurements and `resume` is false, one of other inputs, or
 *   something else; and while another process is at work on it
 */
export function beginAnatomy(
  run: string,
  { manifest, prompts }: { manifest: AnatomyManifest; prompts: string },
  resume: boolean,
): () => void {
  const requireOurs = () => {
    if (!existsSync(manifestPath(run))) requireEmpty(run);
  };
  return takeFolder({ path: run, requireOurs, partials: [[run, isOurs] as const] }, () => {
    if (existsSync(manifestPath(run))) {
      const begun = readManifest(run);
      if (resume) requireSameInputs(run, begun, manifest);
      else if (hasRecords(measurementsPath(run)))
        throw badInput(
          run,
          "a new or empty folder",
          "an anatomy already begun",
          "--resume, or another --out",
        );
      if (!sameInputs(begun, manifest)) writeManifest(run, manifest);
    } else writeManifest(run, manifest);
    writeTextAtomically(join(run, promptsName), prompts);
    // They are made again, so that an anatomy that is being resumed never looks finished.
    for (const name of [...derived].reverse()) rmSync(join(run, name), { force: true });
  });
}

/** @throws FathomError for a folder that holds files of somebody else */
function requireEmpty(run: string): void {
  try {
    makeFolder(run);
    const strange = readdirSync(run).find((name) => name !== lockName && !isPartial(name, isOurs));
    if (strange !== undefined)
      throw badInput(
        run,
        "a new or empty folder, or an anatomy",
        `a folder that holds ${strange}`,
        "another --out",
      );
  } catch (error) {
    throw writeProblem(run, error);
  }
}
