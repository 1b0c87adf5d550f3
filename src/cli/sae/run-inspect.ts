/** Runs `fathom sae inspect`. */
import { badInput } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import { locateSae } from "../../jobs/inputs/locate.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { type Inspection, inspect, type Range } from "../../sae/measure/inspect.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";

export interface SaeInspectOptions {
  sae?: string;
  format?: string;
  k?: number;
  json?: true;
}

/** @throws FathomError for a file that is not an SAE, and unless exactly one is named */
export async function runInspect(path: string | undefined, options: SaeInspectOptions): Promise<void> {
  const [named, second] = [path, options.sae].filter((given) => given !== undefined);
  if (named === undefined || second !== undefined)
    throw badInput(
      "sae inspect",
      "one SAE",
      named === undefined ? "none" : "two",
      "fathom sae inspect --sae PATH",
    );
  const { path: found } = await locateSae(named, new Progress(false).tell);
  const inspection = inspect(openSae(found, options.format, options.k));
  if (options.json === true) await printJson(inspection);
  else await printLines(linesOf(inspection));
}

function linesOf(sae: Inspection): string[] {
  const { site, stated, deadLooking: dead, threshold } = sae;
  const range = ({ min, median, max }: Range) =>
    `${formatNumber(min)} to ${formatNumber(max)}, median ${formatNumber(median)}`;
  const known = (value: number | null) => (value === null ? "not stated" : formatNumber(value));
  const rows: [string, string][] = [
    ["Path", sae.path],
    ["Format", sae.format],
    ["Kind", sae.k === null ? sae.kind : `${sae.kind}, k = ${sae.k}`],
    ...(threshold === null ? [] : [["Threshold", range(threshold)] satisfies [string, string]]),
    ["Width", `reads ${sae.d_in} numbers, has ${sae.d_sae} features`],
    ["Hook", site === null ? "not stated" : site.hookName],
    ["Model", site?.modelName ?? "not stated"],
    ["Input", sae.normalize === "none" ? "as it is" : `normalized: ${sae.normalize}`],
    ["b_dec", sae.applyBDecToInput ? "subtracted from the input" : "not subtracted from the input"],
    ["Rescaled", sae.rescaleByDecoderNorm ? "features times their decoder's norm" : "no"],
    ["Encoder norm", range(sae.encoderNorm)],
    ["Decoder norm", range(sae.decoderNorm)],
    ["Looks dead", `${dead.count} of ${sae.d_sae} features, by the weights alone`],
    [
      "Stated",
      `variance explained ${known(stated.varianceExplained)}; mean L0 ${known(stated.meanL0)}; ` +
        `dead share ${known(stated.deadShare)}; mean norm ${known(stated.meanNorm)}`,
    ],
    ["Identity", sae.identity],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...sae.notes.map((note) => `- ${note}`),
    ...sae.missing.map((missing) => `? ${missing.what} Try: ${missing.try}.`),
  ];
}
