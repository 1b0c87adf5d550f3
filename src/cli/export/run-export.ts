/** Runs `fathom export`. */
import { badInput } from "../../core/errors.ts";
import { writeAll, writeAtomically } from "../../files/disk/io.ts";
import { type ExportForm, exportRun } from "../../jobs/export/export-run.ts";
import { complain } from "../terminal/failure.ts";
import { deliver, requireRegularFile, requireWritable } from "../terminal/output.ts";

export interface ExportOptions {
  to: ExportForm;
  out?: string;
  showText?: true;
}

/** @throws FathomError for a run that is not a finished audit, and for output that cannot be written */
export async function runExport(run: string, { to, out, showText }: ExportOptions): Promise<void> {
  if (to === "parquet") {
    if (out === undefined)
      throw badInput("--out", "a file, because Parquet is binary", "none", "--out run.parquet");
    requireRegularFile(out);
  } else if (out !== undefined) requireWritable(out);
  const made = exportRun(run, to, showText === true);
  if (to === "inspect" && out !== undefined && !out.endsWith(".json"))
    complain(`note: Inspect opens a log only if its name ends in .json, and ${out} does not`);
  if (typeof made === "string") await deliver(made, out);
  else
    writeAtomically(out!, (fd) => {
      writeAll(fd, made);
    });
}
