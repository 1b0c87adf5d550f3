/** `fathom sae …`: what a sparse autoencoder's file is, and what it makes of activations. */
import { Command } from "commander";
import { wholeNumber } from "../parse.ts";
import type { SaeEncodeOptions } from "../sae/run-encode.ts";
import type { SaeInspectOptions } from "../sae/run-inspect.ts";
import { saeHelp } from "./named.ts";

const formatHelp = "the file's format (default: recognized from the files' names)";

export function saeCommand(): Command {
  return new Command("sae")
    .description("Sparse autoencoders: what a file is (inspect), features of activations (encode).")
    .addHelpText("before", "Example:\n  fathom sae inspect --sae organisms/demo/sae\n")
    .addCommand(inspectCommand())
    .addCommand(encodeCommand());
}

function inspectCommand(): Command {
  return new Command("inspect")
    .description("Says what an SAE's file is, from the file alone.")
    .addHelpText("before", "Example:\n  fathom sae inspect --sae organisms/demo/sae\n")
    .argument("[path]", "the SAE, if --sae does not name it")
    .option("--sae <path>", saeHelp)
    .option("--format <name>", formatHelp)
    .option("--json", "as one JSON document")
    .action(async (path: string | undefined, options: SaeInspectOptions) => {
      const { runInspect } = await import("../sae/run-inspect.ts");
      await runInspect(path, options);
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
    .requiredOption("--activations <file>", "safetensors that hold activations [n, d_in]")
    .requiredOption("--out <file>", "tensors features [n, d_sae] and reconstruction [n, d_in], float32")
    .option(
      "--threads <n>",
      "threads of the engine (default: this machine's cores)",
      wholeNumber("--threads", { from: 1, to: 1024 }),
    )
    .option("--quiet", "no progress")
    .action(async (options: SaeEncodeOptions) => {
      const { runEncode } = await import("../sae/run-encode.ts");
      await runEncode(options);
    });
}
