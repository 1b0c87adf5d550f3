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
      "Measures how good an SAE is on a model: one HTML page, and the same in JSON. Exit code 100 if the load gate is closed.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom sae report --model organisms/demo --sae organisms/demo/sae --prompts fiction --out sae-report\n",
    )
    .option(
      "--tokens <n>",
      `tokens to read, taken evenly from all the texts (default: ${saeReportDefaults.tokens})`,
      wholeNumber("--tokens", { from: 2 }),
    )
    .option(
      "--features <n>",
      `features to list with their contexts, chosen evenly from those that are active (default: ${saeReportDefaults.features})`,
      wholeNumber("--features", { from: 1, to: 10_000 }),
    )
    .option("--show <list>", "more features to list, e.g. 12,845", wholeNumbers("--show", { from: 0 }))
    .addOption(saeLayerOption())
    .addOption(
      seedOption(
        `seed of the intervals, and of the contexts that are drawn at random (default: ${saeReportDefaults.seed})`,
      ),
    )
    .option(
      "--out <place>",
      "a folder for report.html and report.json, or one file that ends in .html or .json",
    )
    .option("--show-text", "also show contexts from a model's answers, not only from texts and prompts")
    .option("--allow-failed", "exit with code 0 even if the gate is closed; the report says so")
    .addOption(threadsOption())
    .option("--json", "print the report as one JSON document")
    .addOption(quietOption())
    .action(async (options: SaeReportOptions) => {
      const { runSaeReport } = await import("../sae/run-report.ts");
      process.exitCode = await runSaeReport(options);
    });
}
