/** How a training went, from the file that `fathom sae train` leaves beside an SAE. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { parseRecord } from "../core/parse.ts";
import { saeReportSchema } from "../core/sae-report.ts";
import { readJson } from "../files/io.ts";

const points = saeReportSchema.shape.curve.unwrap();
/** A training may note more of a step than is shown of it. */
const fileSchema = z.object({ curve: z.array(points.element.strip()) });

export type Curve = z.infer<typeof points>;

/**
 * @param path an SAE's folder, or the weights file in it
 * @returns null where there is no such file
 * @throws FathomError for one without a curve
 */
export function readCurve(path: string): Curve | null {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : dirname(path);
  const file = join(folder, "training.json");
  return existsSync(file)
    ? parseRecord(fileSchema, readJson(file), file, "move the file away; the SAE does not need it").curve
    : null;
}
