/** `fathom capture`: the residual stream of exact tokens, for other tools. */
import { Command } from "commander";
import { wholeNumber } from "../parse.ts";
import type { CaptureCommandOptions } from "../tokens/run-capture.ts";
import { adapterHelp, modelHelp } from "./named.ts";
import { deviceOption, noCacheOption, precisionOption } from "./shared-options.ts";

export function captureCommand(): Command {
  return new Command("capture")
    .description("Writes the residual stream of exact tokens to a safetensors file.")
    .addHelpText(
      "before",
      "Example:\n  fathom capture --model ./SmolLM2-135M-Instruct --prompts prompts.jsonl --layers 0,15 --out acts.safetensors\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .requiredOption("--prompts <file>", 'JSON Lines: {"id", "prompt"}, {"id", "ids"} or {"id", "messages"}')
    .requiredOption("--layers <list>", "blocks by number from 0, or all")
    .requiredOption(
      "--out <file>",
      "tensors <id>.resid_post.<layer>, <id>.ids and, if asked for, <id>.logits",
    )
    .option("--logits", "keep the logits of every position too")
    .option("--chat", "wrap a plain prompt as one user turn of the chat template")
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .option(
      "--low-memory",
      "for a model larger than memory: one block open at a time, every prompt goes through it; same results",
    )
    .option(
      "--threads <n>",
      "threads of the engine (default: this machine's cores)",
      wholeNumber("--threads", { from: 1, to: 1024 }),
    )
    .option("--quiet", "no progress")
    .action(async (options: CaptureCommandOptions) => {
      const { runCapture } = await import("../tokens/run-capture.ts");
      await runCapture(options);
    });
}
