/** Options that several verbs have, said once. */
import { Option } from "commander";
import { devices } from "../../core/device.ts";
import { precisions } from "../../core/precision.ts";
import { deviceDefault, precisionDefault } from "../defaults.ts";
import { choice } from "../parse.ts";

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
