/** `fathom serve`: an OpenAI-compatible endpoint over a checkpoint, for this machine alone. */
import { Command } from "commander";
import { serveDefaults } from "../../library/defaults.ts";
import { wholeNumber } from "../options/parse-option.ts";
import type { ServeCommandOptions } from "../serve/run-serve.ts";
import { adapterHelp, modelHelp } from "./named.ts";
import {
  batchSizeOption,
  dateOption,
  deviceOption,
  noCacheOption,
  precisionOption,
  quietOption,
  threadsOption,
} from "./shared-options.ts";

export function serveCommand(): Command {
  const { port, batchSize } = serveDefaults;
  return new Command("serve")
    .description("Serves a checkpoint on 127.0.0.1 as OpenAI's interface, until it is interrupted.")
    .addHelpText(
      "before",
      "Example:\n  fathom serve --model ./SmolLM2-135M-Instruct\n  FATHOM_SERVE_TOKEN=secret fathom serve --model SmolLM2-135M-Instruct.Q4_1.gguf --port 8000\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .option("--port <n>", "0 takes a free port", wholeNumber("--port", { from: 0, to: 65_535 }), port)
    .option(
      "--token <text>",
      "what clients send as their API key (default: FATHOM_SERVE_TOKEN, else a new random one)",
    )
    .addOption(batchSizeOption("answers generated together").default(batchSize))
    .addOption(dateOption())
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (options: ServeCommandOptions) => {
      const { runServe } = await import("../serve/run-serve.ts");
      await runServe(options);
    });
}
