/** Options that several commands share. */
import { type Command, Option } from "commander";
import { devices } from "../../core/records/device.ts";
import { precisions } from "../../core/records/precision.ts";
import { deniedPremises } from "../../judges/decide.ts";
import {
  auditDefaults,
  deviceDefault,
  judgeDefaults,
  precisionDefault,
  saeCheckDefaults,
} from "../../library/defaults.ts";
import { choice, day, variable, wholeNumber } from "../options/parse-option.ts";
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
    `cpu, webgpu or cuda; a device other than the CPU is first checked against the CPU (default: ${deviceDefault})`,
  ).argParser(choice("--device", devices));
}

export function deniedPremiseOption(): Option {
  return new Option(
    "--denied-premise <how>",
    `what the rules call an answer that only denies the question's premise: refuse, as XSTest does, or evade (default: ${judgeDefaults.deniedPremise})`,
  ).argParser(choice("--denied-premise", deniedPremises));
}

export function noCacheOption(): Option {
  return new Option("--no-cache", "keep no rounded weights on the disk for the next time");
}

export function threadsOption(): Option {
  return new Option("--threads <n>", "threads of the engine (default: this machine's cores)").argParser(
    wholeNumber("--threads", { from: 1, to: 1024 }),
  );
}

/** @param help says what the seed is for; it also names the default, unless the caller gives the default to commander */
export function seedOption(help: string): Option {
  return new Option("--seed <n>", help).argParser(wholeNumber("--seed", { from: 0 }));
}

/** @param help says what the batch is; as in `seedOption` it names the default, unless commander has it */
export function batchSizeOption(help: string): Option {
  return new Option("--batch-size <n>", help).argParser(wholeNumber("--batch-size", { from: 1, to: 1024 }));
}

export function gateOption(): Option {
  return new Option(
    "--gate <file>",
    "YAML with bounds that findings must keep; exit code 100 if one fails, and gate.xml (JUnit) and gate.md beside the report",
  );
}

export function jsonOption(): Option {
  return new Option("--json", "print the result as one JSON document");
}

export function quietOption(): Option {
  return new Option("--quiet", "no progress");
}

/** The prompts of `capture` and `generate`, which may state exact token ids. */
export function exactPromptsOption(): Option {
  return new Option(
    "--prompts <file>",
    'JSON Lines: {"id", "prompt"}, {"id", "ids"} or {"id", "messages"}',
  ).makeOptionMandatory();
}

export function chatOption(): Option {
  return new Option("--chat", "wrap a plain prompt as one user turn of the chat template");
}

export function templateVarOption(): Option {
  return new Option(
    "--template-var <name=value>",
    "a variable that the chat template reads, such as enable_thinking=false; give it once per variable. The value is JSON, else text",
  ).argParser(variable("--template-var"));
}

export function dateOption(): Option {
  return new Option(
    "--date <YYYY-MM-DD>",
    `the day that the chat template writes as today's (default: ${auditDefaults.date}, so that prompts stay the same)`,
  ).argParser(day("--date"));
}

/** The k of an SAE's file that does not state it. `sae train` has its own --k. */
export function saeKOption(): Option {
  return new Option(
    "--k <n>",
    "how many features the SAE keeps active per token, for a TopK file that does not say it",
  ).argParser(wholeNumber("--k", { from: 1 }));
}

export function saeLayerOption(): Option {
  return new Option("--layer <n>", "block whose output the SAE reads (default: the SAE's)").argParser(
    wholeNumber("--layer", { from: 0, to: 10_000 }),
  );
}

/** Adds the options that name an SAE, and the model and texts that it is judged on. */
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
