/** What an SAE of one block is judged on: residuals in memory, and cross-entropies. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spool } from "../../src/files/disk/spool.ts";
import type { Model } from "../../src/model/model.ts";
import { type Rows, rowsOf } from "../../src/sae/code/rows.ts";
import type { SaeSession } from "../../src/sae/code/sae-session.ts";
import { type Sample, type SampleText, samplesOf } from "../../src/sae/measure/quality/residual-sample.ts";
import { type Splice, SplicedTexts, splice } from "../../src/sae/measure/quality/splice.ts";

/** @param most how many tokens are enough. Whole texts are taken, spread evenly over all texts. */
export async function sampleOf(
  model: Model,
  layer: number,
  texts: readonly SampleText[],
  most: number,
): Promise<Sample> {
  return await withSpool(async (spool) => {
    const sample = (await samplesOf(model, [layer], texts, most, spool)).get(layer)!;
    const kept = (rows: Rows) => rowsOf(rows.read(0, rows.count), rows.width, rows.name);
    const elsewhere = new Map([...sample.elsewhere].map(([place, rows]) => [place, kept(rows)]));
    return { ...sample, rows: kept(sample.rows), elsewhere };
  });
}

/** The cross-entropy of all these texts with the SAE's reconstruction in place of the block's output. */
export async function spliced(
  session: SaeSession,
  layer: number,
  model: Model,
  texts: readonly SampleText[],
): Promise<Splice> {
  return await withSpool((spool) => splice(session, layer, new SplicedTexts(model, [layer], texts, spool)));
}

async function withSpool<T>(use: (spool: Spool) => Promise<T>): Promise<T> {
  const spool = new Spool(join(tmpdir(), "fathom-test-sample"));
  try {
    return await use(spool);
  } finally {
    spool.close();
  }
}
