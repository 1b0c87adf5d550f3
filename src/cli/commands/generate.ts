/** `fathom generate`: text from exact tokens. */
import { Command } from "commander";
import { generateDefaults } from "../../library/defaults.ts";
import { decimal, wholeNumber } from "../options/parse-option.ts";
import type { GenerateCommandOptions } from "../tokens/run-generate.ts";
import { adapterHelp, modelHelp } from "./named.ts";
import {
  batchSizeOption,
  chatOption,
  dateOption,
  deviceOption,
  exactPromptsOption,
  noCacheOption,
  precisionOption,
  quietOption,
  seedOption,
  templateVarOption,
  threadsOption,
} from "./shared-options.ts";

export function generateCommand(): Command {
  const { temperature, seed, batchSize } = generateDefaults;
  return new Command("generate")
    .description("Generates from exact tokens: one JSON line per prompt, in the prompts' order.")
    .addHelpText(
      "before",
      "Example:\n  fathom generate --model ./SmolLM2-135M-Instruct --prompts prompts.jsonl --chat --max-new-tokens 64\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .addOption(exactPromptsOption())
    .requiredOption(
      "--max-new-tokens <n>",
      "longest answer, in tokens",
      wholeNumber("--max-new-tokens", { from: 1 }),
    )
    .option("--temperature <t>", "0 is greedy", decimal("--temperature", { from: 0 }), temperature)
    .addOption(seedOption("seed of the sampling").default(seed))
    .addOption(chatOption())
    .addOption(templateVarOption())
    .addOption(dateOption())
    .option("--edits <file>", "a JSON list of {layer, activation, encoder, bias, decoder, scale, offset}")
    .addOption(batchSizeOption("answers generated together").default(batchSize))
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .addOption(threadsOption())
    .option("--out <file>", "where the lines go (default: stdout)")
    .addOption(quietOption())
    .action(async (options: GenerateCommandOptions) => {
      const { runGenerate } = await import("../tokens/run-generate.ts");
      await runGenerate(options);
    });
}
