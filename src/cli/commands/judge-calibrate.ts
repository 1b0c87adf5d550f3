/** `fathom judge calibrate`: how far judges agree with people. */
import { Command } from "commander";
import { calibrateDefaults, judgeDefaults } from "../../library/defaults.ts";
import type { CalibrateOptions } from "../judge/run-calibrate.ts";
import { choices } from "../options/parse-option.ts";
import { quietOption, seedOption } from "./shared-options.ts";

/** @param judges the names that `--judges` takes */
export function judgeCalibrateCommand(judges: readonly CalibrateOptions["judges"][number][]): Command {
  return new Command("calibrate")
    .description(
      "Compares judges with people's labels: confusion, accuracy, κ, α, and the error of refusal rates.",
    )
    .addHelpText(
      "before",
      [
        "Examples:",
        "  fathom judge calibrate labels.jsonl --out calibration.json",
        "  fathom audit audit.yaml --calibration calibration.json",
        "",
      ].join("\n"),
    )
    .argument(
      "<labels>",
      'JSON Lines: {"id", "answer", "label"}, and "prompt", "finish", "model" and "rater" where known',
    )
    .option("--judges <list>", `one or more of ${judges.join(", ")}`, choices("--judges", judges), [
      ...judgeDefaults.judges,
    ])
    .addOption(seedOption("seed of the bootstrap").default(calibrateDefaults.seed))
    .option("--out <file>", "where the calibration goes (default: stdout)")
    .addOption(quietOption())
    .action(async (labels: string, _own: CalibrateOptions, command: Command) => {
      const { runCalibrate } = await import("../judge/run-calibrate.ts");
      await runCalibrate(labels, command.optsWithGlobals());
    });
}
