/** `fathom sae …`: describes a sparse autoencoder's file, checks it on a model, encodes activations, reports, trains. */
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
      "Sparse autoencoders: describe a file (inspect), check it on a model (check), encode activations (encode), measure quality (report), train (train).",
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
    .description("Describes an SAE's file, from the file alone.")
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
      "Runs the load gate: does the SAE explain this model's activations at its site? Exit code 100 if it does not.",
    )
    .addHelpText(
      "before",
      "Example:\n  fathom sae check --model organisms/demo --sae organisms/demo/sae --prompts fiction\n",
    )
    .addOption(saeLayerOption())
    .option("--allow-failed", "exit with code 0 even if the gate is closed; the output says so")
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
    .requiredOption("--activations <file>", "safetensors with activations [n, d_in]")
    .requiredOption("--out <file>", "tensors features [n, d_sae] and reconstruction [n, d_in], float32")
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (options: SaeEncodeOptions) => {
      const { runEncode } = await import("../sae/run-encode.ts");
      await runEncode(options);
    });
}
