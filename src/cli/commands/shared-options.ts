/** Options that several verbs have, said once. */
import { type Command, Option } from "commander";
import { devices } from "../../core/records/device.ts";
import { precisions } from "../../core/records/precision.ts";
import { deviceDefault, precisionDefault, saeCheckDefaults } from "../../library/defaults.ts";
import { choice, wholeNumber } from "../options/parse-option.ts";
import { adapterHelp, formatHelp, modelHelp, saeHelp } from "./named.ts";

export function precisionOption(): Option {
  return new Option(
    "--precision <p>",
    `fp32 is exact; int8 and int4 round the weights (default: ${precisionDefault})`,
  ).argParser(choice("--precision", precisions));
}

export function deviceOption(): Option {
  return new Option(
    "--device <d>",
    `cpu, webgpu or cuda; what is not the CPU is held against it first (default: ${deviceDefault})`,
  ).argParser(choice("--device", devices));
}

export function noCacheOption(): Option {
  return new Option("--no-cache", "keep no rounded weights on the disk for the next time");
}

export function threadsOption(): Option {
  return new Option("--threads <n>", "threads of the engine (default: this machine's cores)").argParser(
    wholeNumber("--threads", { from: 1, to: 1024 }),
  );
}

/** `of`: what chance is drawn for, and the default where commander is not given one. */
export function seedOption(of: string): Option {
  return new Option("--seed <n>", of).argParser(wholeNumber("--seed", { from: 0 }));
}

/** `of`: as `seedOption`'s. */
export function batchSizeOption(of: string): Option {
  return new Option("--batch-size <n>", of).argParser(wholeNumber("--batch-size", { from: 1, to: 1024 }));
}

export function jsonOption(): Option {
  return new Option("--json", "as one JSON document");
}

export function quietOption(): Option {
  return new Option("--quiet", "no progress");
}

/** Inputs whose tokens are used as they are. */
export function exactPromptsOption(): Option {
  return new Option(
    "--prompts <file>",
    'JSON Lines: {"id", "prompt"}, {"id", "ids"} or {"id", "messages"}',
  ).makeOptionMandatory();
}

export function chatOption(): Option {
  return new Option("--chat", "wrap a plain prompt as one user turn of the chat template");
}

/** k of an SAE's file, which is no option of anything else. */
export function saeKOption(): Option {
  return new Option(
    "--k <n>",
    "features that the SAE keeps active on a token: of a TopK file that does not say it",
  ).argParser(wholeNumber("--k", { from: 1 }));
}

export function saeLayerOption(): Option {
  return new Option(
    "--layer <n>",
    "block whose residual stream the SAE reads (default: the SAE's)",
  ).argParser(wholeNumber("--layer", { from: 0, to: 10_000 }));
}

/** An SAE, and the model and texts that it is judged on. */
export function judgedSaeOptions(command: Command): Command {
  return command
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .requiredOption("--sae <path>", saeHelp)
    .option("--format <name>", formatHelp)
    .addOption(saeKOption())
    .option("--prompts <file>", `texts that the model reads (default: ${saeCheckDefaults.prompts})`)
    .option("--text <files...>", "text files that the model reads instead")
    .addOption(chatOption());
}
