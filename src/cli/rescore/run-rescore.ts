/** Runs `fathom rescore`. */

import { rescoreFindings } from "../../audit/rescore/findings.ts";
import { rescore } from "../../audit/rescore/rescore.ts";
import { rescoreLines } from "../../audit/rescore/text.ts";
import { badInput, FathomError } from "../../core/errors.ts";
import { readJson } from "../../files/disk/io.ts";
import { deliver, requireWritable, textOf } from "../terminal/output.ts";

export interface RescoreCommandOptions {
  seed: number;
  json?: true;
  out?: string;
}

/** @throws FathomError naming the place in the file that has the wrong shape */
export async function runRescore(path: string, { seed, json, out }: RescoreCommandOptions): Promise<void> {
  const records = readJson(path);
  if (out !== undefined) requireWritable(out);
  const rescored = named(path, () => rescore(records, { seed }));
  const text =
    json === true
      ? `${JSON.stringify({ runs: rescored.runs, findings: rescoreFindings(rescored) }, null, 2)}\n`
      : textOf(rescoreLines(rescored));
  await deliver(text, out);
}

/** Adds the file's path to an error: the analysis only knows the place in the records. */
function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { where, expected, found, hint } = error.problem;
    throw badInput(`${path}: ${where}`, expected, found, hint);
  }
}
