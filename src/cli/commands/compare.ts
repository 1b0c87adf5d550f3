/** `fathom compare`: what changed between runs. */
import { Command } from "commander";
import { compareDefaults } from "../../library/defaults.ts";
import type { CompareOptions } from "../compare/run-compare.ts";
import { choices } from "../options/parse-option.ts";
import { gateOption, seedOption } from "./shared-options.ts";

export function compareCommand(): Command {
  const { formats, seed } = compareDefaults;
  return new Command("compare")
    .description(
      "Compares finished audits with the first of them, prompt by prompt: what a fine-tune, an adapter, a precision or a template changed.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom compare runs/base runs/tuned --out reports/tuned --gate no-worse.yaml\n",
    )
    .argument("<runs...>", "directories of finished audits, the base first")
    .option(
      "--out <folder>",
      "where report.html, report.md and the like go (default: only the summary is printed)",
    )
    .option(
      "--format <list>",
      "with --out: one or more of html, md, json, junit",
      choices("--format", ["html", "md", "json", "junit"]),
      [...formats],
    )
    .addOption(gateOption())
    .addOption(seedOption("seed of bootstraps and permutations").default(seed))
    .option("--show-text", "print answers to hazard-adjacent prompts whole, not only the words that refuse")
    .option(
      "--json",
      "print {runs, differences, notes, findings, failure_modes, flips, files} as one JSON document",
    )
    .action(async (runs: string[], options: CompareOptions) => {
      const { runCompare } = await import("../compare/run-compare.ts");
      process.exitCode = await runCompare(runs, options);
    });
}
