/** Runs `fathom sae encode`. */

import { locateSae } from "../../jobs/inputs/locate.ts";
import { encodeFile } from "../../sae/code/encode-file.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { requireRegularFile } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { count } from "../terminal/quantities.ts";

export interface SaeEncodeOptions {
  sae: string;
  format?: string;
  k?: number;
  activations: string;
  out: string;
  threads?: number;
  quiet?: true;
}

/** @throws FathomError for an SAE, activations or an output that cannot be used */
export async function runEncode(options: SaeEncodeOptions): Promise<void> {
  const progress = new Progress(options.quiet === true);
  const { path } = await locateSae(options.sae, progress.tell);
  const sae = openSae(path, options.format, options.k);
  requireRegularFile(options.out);
  try {
    await encodeFile({
      sae,
      activationsPath: options.activations,
      outPath: options.out,
      onRows: (done, total) => {
        progress.show(() => `encoding: ${count(done)} of ${count(total)} rows`);
      },
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
  } finally {
    progress.clear();
  }
}
