/** `fathom label`: people label a run's answers in a browser. */
import { Command } from "commander";
import { labelDefaults } from "../../library/defaults.ts";
import type { LabelCommandOptions } from "../label/run-label.ts";
import { names, wholeNumber } from "../options/parse-option.ts";
import { seedOption } from "./shared-options.ts";

export function labelCommand(): Command {
  const { raters, port, seed } = labelDefaults;
  return new Command("label")
    .description(
      "Serves a page on 127.0.0.1 on which people label a finished run's answers, without seeing its verdicts, tiers or conditions.",
    )
    .addHelpText(
      "before",
      [
        "Examples:",
        "  fathom label runs/smol --raters anna,ben --sample 100 --show-text",
        "  fathom label runs/smol --export labels.jsonl --show-text",
        "  fathom judge calibrate labels.jsonl --out calibration.json",
        "",
      ].join("\n"),
    )
    .argument("<run>", "the directory of a finished run")
    .option("--raters <list>", "who labels; each gets a link", names("--raters"), [...raters])
    .option(
      "--sample <n>",
      "label n answers, drawn at random, the same for all raters (default: all)",
      wholeNumber("--sample", { from: 1 }),
    )
    .addOption(seedOption("seed of the sample and of each rater's order").default(seed))
    .option(
      "--port <n>",
      "0 takes a free port; further raters get the ports behind it",
      wholeNumber("--port", { from: 0, to: 65_000 }),
      port,
    )
    .option("--show-text", "also show, and export, answers to hazard-adjacent prompts")
    .option("--export <file>", "write the labels as lines for judge calibrate, and serve nothing")
    .action(async (run: string, options: LabelCommandOptions) => {
      const { runLabel } = await import("../label/run-label.ts");
      process.exitCode = await runLabel(run, options);
    });
}
