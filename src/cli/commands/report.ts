/** `fathom report`: renders a run's report again, in other formats or to another folder. */
import { Command } from "commander";
import { reportDefaults } from "../../library/defaults.ts";
import { choices } from "../options/parse-option.ts";
import type { ReportCommandOptions } from "../report/run-report.ts";
import { gateOption } from "./shared-options.ts";

export function reportCommand(): Command {
  const { formats } = reportDefaults;
  return new Command("report")
    .description(
      "Renders the report of a finished run again: report.html, report.md, report.json, report.xml.",
    )
    .addHelpText("before", "Example:\n  fathom report runs/smol --format html,md --out reports/smol\n")
    .argument("<run>", "a run's directory")
    .option(
      "--format <list>",
      "one or more of html, md, json, junit",
      choices("--format", ["html", "md", "json", "junit"]),
      [...formats],
    )
    .option("--out <folder>", "where the files go (default: the run's directory)")
    .option("--show-text", "print answers to hazard-adjacent prompts whole, not only the words that refuse")
    .option("--anatomy <run>", "a finished anatomy of the same model, on which the headline on depth rests")
    .addOption(gateOption())
    .option("--json", "print {run, files, findings} as one JSON document")
    .action(async (run: string, options: ReportCommandOptions) => {
      const { runReport } = await import("../report/run-report.ts");
      process.exitCode = await runReport(run, options);
    });
}
