/** `fathom generate`: text from exact tokens. */
import { Command } from "commander";
import { generateDefaults } from "../defaults.ts";
import { decimal, wholeNumber } from "../parse.ts";
import type { GenerateCommandOptions } from "../tokens/run-generate.ts";
import { adapterHelp, modelHelp } from "./named.ts";
import { deviceOption, noCacheOption, precisionOption } from "./shared-options.ts";

export function generateCommand(): Command {
  const { temperature, seed, batchSize } = generateDefaults;
  return new Command("generate")
    .description("Generates from exact tokens; one JSON line a prompt, in the prompts' order.")
    .addHelpText(
      "before",
      "Example:\n  fathom generate --model ./SmolLM2-135M-Instruct --prompts prompts.jsonl --chat --max-new-tokens 64\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .requiredOption("--prompts <file>", 'JSON Lines: {"id", "prompt"}, {"id", "ids"} or {"id", "messages"}')
    .requiredOption(
      "--max-new-tokens <n>",
      "longest answer, in tokens",
      wholeNumber("--max-new-tokens", { from: 1 }),
    )
    .option("--temperature <t>", "0 is greedy", decimal("--temperature", { from: 0 }), temperature)
    .option("--seed <n>", "of the sampling", wholeNumber("--seed", { from: 0 }), seed)
    .option("--chat", "wrap a plain prompt as one user turn of the chat template")
    .option("--edits <file>", "a JSON list of {layer, activation, encoder, bias, decoder, scale, offset}")
    .option(
      "--batch-size <n>",
      "answers generated together",
      wholeNumber("--batch-size", { from: 1, to: 1024 }),
      batchSize,
    )
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .option(
      "--threads <n>",
      "threads of the engine (default: this machine's cores)",
      wholeNumber("--threads", { from: 1, to: 1024 }),
    )
    .option("--out <file>", "where the lines go (default: stdout)")
    .option("--quiet", "no progress")
    .action(async (options: GenerateCommandOptions) => {
      const { runGenerate } = await import("../tokens/run-generate.ts");
      await runGenerate(options);
    });
}
