/** Options that several verbs have, said once. */
import { Option } from "commander";
import { precisions } from "../../core/precision.ts";
import { precisionDefault } from "../defaults.ts";
import { choice } from "../parse.ts";

export function precisionOption(): Option {
  return new Option(
    "--precision <p>",
    `fp32 is exact; int8 and int4 round the weights (default: ${precisionDefault})`,
  ).argParser(choice("--precision", precisions));
}

export function noCacheOption(): Option {
  return new Option("--no-cache", "keep no rounded weights on the disk for the next time");
}
