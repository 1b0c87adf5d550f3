/**
 * Reads the loss curve and the verdict on the contrastive term from the file that `fathom sae train` writes beside an
 * SAE.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { parseRecord } from "../../core/parse.ts";
import { contrastiveVerdictSchema } from "../../core/records/contrastive-verdict.ts";
import { type SaeReport, saeReportSchema } from "../../core/records/sae-report.ts";
import { readJson } from "../../files/disk/io.ts";

const points = saeReportSchema.shape.curve.unwrap();
/** The file may hold more per step, and more about the training, than is read here. */
const fileSchema = z.object({
  training: z.object({ verdict: contrastiveVerdictSchema.optional() }),
  curve: z.array(points.element.strip()),
});

/**
 * @param path an SAE's folder, or the weights file in it
 * @returns null for both if there is no such file; `contrastive` is null if the training had no contrastive term
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
