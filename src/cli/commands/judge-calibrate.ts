/** `fathom judge calibrate`: how far judges agree with people. */
import { Command } from "commander";
import { calibrateDefaults, judgeDefaults } from "../../library/defaults.ts";
import type { CalibrateOptions } from "../judge/run-calibrate.ts";
import { judgesHelp } from "./named.ts";
import { deniedPremiseOption, quietOption, seedOption, threadsOption } from "./shared-options.ts";

export function judgeCalibrateCommand(): Command {
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
    .option("--judges <list>", judgesHelp, judgeDefaults.judges.join(","))
    .addOption(deniedPremiseOption())
    .addOption(seedOption("seed of the bootstrap").default(calibrateDefaults.seed))
    .option("--out <file>", "where the calibration goes (default: stdout)")
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (labels: string, _own: CalibrateOptions, command: Command) => {
      const { runCalibrate } = await import("../judge/run-calibrate.ts");
      process.exitCode = await runCalibrate(labels, command.optsWithGlobals());
    });
}
