/** `fathom capture`: the residual stream of exact tokens, for other tools. */
import { Command } from "commander";
import type { CaptureCommandOptions } from "../tokens/run-capture.ts";
import { adapterHelp, modelHelp } from "./named.ts";
import {
  chatOption,
  dateOption,
  deviceOption,
  exactPromptsOption,
  noCacheOption,
  precisionOption,
  quietOption,
  templateVarOption,
  threadsOption,
} from "./shared-options.ts";

export function captureCommand(): Command {
  return new Command("capture")
    .description("Writes the residual stream of exact tokens to a safetensors file.")
    .addHelpText(
      "before",
      "Example:\n  fathom capture --model ./SmolLM2-135M-Instruct --prompts prompts.jsonl --layers 0,15 --out acts.safetensors\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .addOption(exactPromptsOption())
    .requiredOption("--layers <list>", "blocks by number from 0, or all")
    .requiredOption(
      "--out <file>",
      "safetensors with <id>.resid_post.<layer>, <id>.ids and, with --logits, <id>.logits",
    )
    .option("--logits", "keep the logits of every position too")
    .addOption(chatOption())
    .addOption(templateVarOption())
    .addOption(dateOption())
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .option(
      "--low-memory",
      "for a model larger than memory: only one block is open at a time, and every prompt goes through it; same results",
    )
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (options: CaptureCommandOptions) => {
      const { runCapture } = await import("../tokens/run-capture.ts");
      await runCapture(options);
    });
}
