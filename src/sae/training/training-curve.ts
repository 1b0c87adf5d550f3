/** How a training went and what its contrastive term did, from the file that `fathom sae train` leaves beside an SAE. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { parseRecord } from "../../core/parse.ts";
import { contrastiveVerdictSchema } from "../../core/records/contrastive-verdict.ts";
import { type SaeReport, saeReportSchema } from "../../core/records/sae-report.ts";
import { readJson } from "../../files/disk/io.ts";

const points = saeReportSchema.shape.curve.unwrap();
/** A training may note more of a step than is shown of it, and more of itself. */
const fileSchema = z.object({
  training: z.object({ verdict: contrastiveVerdictSchema.optional() }),
  curve: z.array(points.element.strip()),
});

/**
 * @param path an SAE's folder, or the weights file in it
 * @returns nulls where there is no such file, or there was no contrastive term
 * @throws FathomError for a file without a curve
 */
export function readTraining(path: string): Pick<SaeReport, "curve" | "contrastive"> {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : dirname(path);
  const file = join(folder, "training.json");
  if (!existsSync(file)) return { curve: null, contrastive: null };
  const hint = "move the file away; the SAE does not need it";
  const { curve, training } = parseRecord(fileSchema, readJson(file), file, hint);
  return { curve, contrastive: training.verdict ?? null };
}
