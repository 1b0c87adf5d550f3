/** `fathom rescore`: recomputes D from numbers that another tool recorded. */
import { Command } from "commander";
import { rescoreDefaults } from "../../library/defaults.ts";
import type { RescoreCommandOptions } from "../rescore/run-rescore.ts";
import { seedOption } from "./shared-options.ts";

export function rescoreCommand(): Command {
  return new Command("rescore")
    .description("Recomputes D from recorded s, f and T, and compares it with its nulls.")
    .addHelpText(
      "before",
      "Example:\n  fathom rescore biorefusalaudit-records.json --json --out rescored.json\n",
    )
    .argument("<records>", "JSON in the form of biorefusalaudit-records.json")
    .addOption(seedOption("seed of folds, bootstrap and permutations").default(rescoreDefaults.seed))
    .option("--json", "print {runs, findings} as one JSON document instead of tables")
    .option("--out <file>", "write to a file instead of stdout")
    .action(async (records: string, options: RescoreCommandOptions) => {
      const { runRescore } = await import("../rescore/run-rescore.ts");
      await runRescore(records, options);
    });
}
