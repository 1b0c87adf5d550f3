/** `fathom sae report`: how good a sparse autoencoder is on a model, as one page and as JSON. */
import { Command } from "commander";
import { saeReportDefaults } from "../../library/defaults.ts";
import { wholeNumber, wholeNumbers } from "../options/parse-option.ts";
import type { SaeReportOptions } from "../sae/run-report.ts";
import {
  judgedSaeOptions,
  quietOption,
  saeLayerOption,
  seedOption,
  threadsOption,
} from "./shared-options.ts";

export function saeReportCommand(): Command {
  return judgedSaeOptions(new Command("report"))
    .description(
      "Measures an SAE on what a model has at its site: one HTML page and the same as JSON. Exit code 100 when the load gate is closed.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom sae report --model organisms/demo --sae organisms/demo/sae --prompts fiction --out sae-report\n",
    )
    .option(
      "--tokens <n>",
      `read about so many, evenly from all (default: ${saeReportDefaults.tokens})`,
      wholeNumber("--tokens", { from: 2 }),
    )
    .option(
      "--features <n>",
      `list so many, evenly from those that are active (default: ${saeReportDefaults.features})`,
      wholeNumber("--features", { from: 1, to: 10_000 }),
    )
    .option("--show <list>", "list these features too, e.g. 12,845", wholeNumbers("--show", { from: 0 }))
    .addOption(saeLayerOption())
    .addOption(seedOption(`of the intervals and of what is drawn (default: ${saeReportDefaults.seed})`))
    .option("--out <place>", "a folder for report.html and report.json, or one file of either ending")
    .option("--show-text", "show contexts in what a model answered too, not only in texts and prompts")
    .option("--allow-failed", "exit code 0 for a closed gate too; the report says so")
    .addOption(threadsOption())
    .option("--json", "print the report as one JSON document")
    .addOption(quietOption())
    .action(async (options: SaeReportOptions) => {
      const { runSaeReport } = await import("../sae/run-report.ts");
      process.exitCode = await runSaeReport(options);
    });
}
