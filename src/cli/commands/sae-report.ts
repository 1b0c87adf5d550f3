/** `fathom sae report`: how good a sparse autoencoder is on a model, as one page and as JSON. */
import { Command } from "commander";
import { saeCheckDefaults, saeReportDefaults } from "../defaults.ts";
import { wholeNumber, wholeNumbers } from "../parse.ts";
import type { SaeReportOptions } from "../sae/run-report.ts";
import { adapterHelp, formatHelp, modelHelp, saeHelp } from "./named.ts";

export function saeReportCommand(): Command {
  return new Command("report")
    .description(
      "Measures an SAE on what a model has at its site: one HTML page and the same as JSON. Exit code 100 when the load gate is closed.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom sae report --model organisms/demo --sae organisms/demo/sae --prompts fiction --out sae-report\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .requiredOption("--sae <path>", saeHelp)
    .option("--format <name>", formatHelp)
    .option("--prompts <file>", `texts that the model reads (default: ${saeCheckDefaults.prompts})`)
    .option("--text <files...>", "text files that the model reads instead")
    .option("--chat", "wrap a plain prompt as one user turn of the chat template")
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
    .option(
      "--layer <n>",
      "block whose residual stream the SAE reads (default: the SAE's)",
      wholeNumber("--layer", { from: 0, to: 10_000 }),
    )
    .option(
      "--seed <n>",
      `of the intervals and of what is drawn (default: ${saeReportDefaults.seed})`,
      wholeNumber("--seed", { from: 0 }),
    )
    .option("--out <place>", "a folder for report.html and report.json, or one file of either ending")
    .option("--allow-failed", "exit code 0 for a closed gate too; the report says so")
    .option(
      "--threads <n>",
      "threads of the engine (default: this machine's cores)",
      wholeNumber("--threads", { from: 1, to: 1024 }),
    )
    .option("--json", "print the report as one JSON document")
    .option("--quiet", "no progress")
    .action(async (options: SaeReportOptions) => {
      const { runSaeReport } = await import("../sae/run-report.ts");
      process.exitCode = await runSaeReport(options);
    });
}
