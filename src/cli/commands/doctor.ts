/** `fathom doctor`: this machine, and the models on it. */
import { Command } from "commander";
import type { DoctorOptions } from "../doctor/run-doctor.ts";
import type { DoctorModelsOptions } from "../doctor/run-models.ts";
import { jsonOption } from "./shared-options.ts";

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "Checks what could go wrong here: machine, versions, caches, bundled data. doctor models lists the checkpoints in a folder.",
    )
    .addHelpText("before", "Examples:\n  fathom doctor\n  fathom doctor models ~/models\n")
    .addOption(jsonOption())
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import("../doctor/run-doctor.ts");
      process.exitCode = await runDoctor(options);
    });
  command
    .command("models")
    .description("Lists the checkpoints in a folder, and why some of them cannot be opened.")
    .addHelpText("before", "Example:\n  fathom doctor models ~/models\n")
    .argument("[folder]", "where to look (default: the Hugging Face cache)")
    .addOption(jsonOption())
    .action(async (folder: string | undefined, _options: unknown, self: Command) => {
      const { runModels } = await import("../doctor/run-models.ts");
      // Both `doctor` and `doctor models` have --json, and commander may give it to either.
      await runModels(folder, self.optsWithGlobals<DoctorModelsOptions>());
    });
  return command;
}
