/** `fathom export`: a run in the form of another program. */
import { Command, Option } from "commander";
import type { ExportOptions } from "../export/run-export.ts";
import { choice } from "../options/parse-option.ts";

export function exportCommand(): Command {
  return new Command("export")
    .description(
      "Writes a finished audit in another program's form: its answers and verdicts, or its findings.",
    )
    .addHelpText("before", "Example:\n  fathom export runs/smol --to parquet --out smol.parquet\n")
    .argument("<run>", "the directory of a finished audit")
    .addOption(
      new Option("--to <form>", "parquet, csv, inspect (a log of Inspect, JSON), or junit (its findings)")
        .argParser(choice("--to", ["parquet", "csv", "inspect", "junit"]))
        .makeOptionMandatory(),
    )
    .option("--out <file>", "where it goes (default: stdout; parquet needs a file)")
    .option("--show-text", "write answers to hazard-adjacent prompts whole, not only the words that refuse")
    .action(async (run: string, options: ExportOptions) => {
      const { runExport } = await import("../export/run-export.ts");
      await runExport(run, options);
    });
}
