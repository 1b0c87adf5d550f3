/** The calibration that a plan names: how far people agree with the judge of this run. */
import { basename } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { parseRecord } from "../../core/parse.ts";
import { calibrationSchema, judgeCalibrationSchema } from "../../core/records/calibration.ts";
import { readJson } from "../../files/disk/io.ts";

/** As the manifest holds it, so that a report needs no other file. */
export const usedCalibrationSchema = z.strictObject({
  /** The file's name. */
  name: z.string(),
  /** SHA-256 of `measured` as canonical JSON. */
  sha256: z.string(),
  measured: judgeCalibrationSchema,
});
type UsedCalibration = z.infer<typeof usedCalibrationSchema>;

const again = "fathom judge calibrate LABELS --out FILE, with this version of Fathom";

/**
 * Call this before anything runs.
 * @param judge name and version of the judge of the run
 * @returns null if the plan names no file
 * @throws FathomError for a file that is no calibration, or none of this judge
 */
export function readCalibration(path: string | null, judge: string): UsedCalibration | null {
  if (path === null) return null;
  const all = Object.values(parseRecord(calibrationSchema, readJson(path), path, again));
  const measured = all.find((one) => one.judge === judge);
  if (measured === undefined)
    throw badInput(
      path,
      `a calibration of ${judge}, which judges this run`,
      all.length === 0 ? "no judge" : all.map((one) => one.judge).join(", "),
      again,
    );
  return { name: basename(path), sha256: hashJson(measured), measured };
}
