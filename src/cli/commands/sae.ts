/** `fathom sae …`: what a sparse autoencoder's file is, whether it fits a model, what it makes of activations. */
import { Command } from "commander";
import type { SaeCheckOptions } from "../sae/run-check.ts";
import type { SaeEncodeOptions } from "../sae/run-encode.ts";
import type { SaeInspectOptions } from "../sae/run-inspect.ts";
import { formatHelp, saeHelp } from "./named.ts";
import { saeReportCommand } from "./sae-report.ts";
import { trainCommand } from "./sae-train.ts";
import {
  jsonOption,
  judgedSaeOptions,
  quietOption,
  saeKOption,
  saeLayerOption,
  threadsOption,
} from "./shared-options.ts";

export function saeCommand(): Command {
  return new Command("sae")
    .description(
      "Sparse autoencoders: what a file is (inspect), whether it fits a model (check), features (encode), quality (report), training (train).",
    )
    .addHelpText("before", "Example:\n  fathom sae inspect --sae organisms/demo/sae\n")
    .addCommand(inspectCommand())
    .addCommand(checkCommand())
    .addCommand(encodeCommand())
    .addCommand(saeReportCommand())
    .addCommand(trainCommand());
}

function inspectCommand(): Command {
  return new Command("inspect")
    .description("Says what an SAE's file is, from the file alone.")
    .addHelpText("before", "Example:\n  fathom sae inspect --sae organisms/demo/sae\n")
    .argument("[path]", "the SAE, if --sae does not name it")
    .option("--sae <path>", saeHelp)
    .option("--format <name>", formatHelp)
    .addOption(saeKOption())
    .addOption(jsonOption())
    .action(async (path: string | undefined, options: SaeInspectOptions) => {
      const { runInspect } = await import("../sae/run-inspect.ts");
      await runInspect(path, options);
    });
}

function checkCommand(): Command {
  return judgedSaeOptions(new Command("check"))
    .description(
      "The load gate: whether an SAE explains what a model has at its site. Exit code 100 when not.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom sae check --model organisms/demo --sae organisms/demo/sae --prompts fiction\n",
    )
    .addOption(saeLayerOption())
    .option("--allow-failed", "exit code 0 for a closed gate too; the result says so")
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (options: SaeCheckOptions) => {
      const { runCheck } = await import("../sae/run-check.ts");
      process.exitCode = await runCheck(options);
    });
}

function encodeCommand(): Command {
  return new Command("encode")
    .description("Encodes activations and decodes them again.")
    .addHelpText(
      "before",
      "Example:\n  fathom sae encode --sae organisms/demo/sae --activations acts.safetensors --out features.safetensors\n",
    )
    .requiredOption("--sae <path>", saeHelp)
    .option("--format <name>", formatHelp)
    .addOption(saeKOption())
    .requiredOption("--activations <file>", "safetensors that hold activations [n, d_in]")
    .requiredOption("--out <file>", "tensors features [n, d_sae] and reconstruction [n, d_in], float32")
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (options: SaeEncodeOptions) => {
      const { runEncode } = await import("../sae/run-encode.ts");
      await runEncode(options);
    });
}
