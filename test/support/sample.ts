/** The residuals of one block, in memory. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spool } from "../../src/files/disk/spool.ts";
import type { Model } from "../../src/model/model.ts";
import { type Rows, rowsOf } from "../../src/sae/code/rows.ts";
import { type Sample, type SampleText, samplesOf } from "../../src/sae/measure/quality/residual-sample.ts";

/** @param most how many tokens are enough. Whole texts are taken, spread evenly over all texts. */
export async function sampleOf(
  model: Model,
  layer: number,
  texts: readonly SampleText[],
  most: number,
): Promise<Sample> {
  const spool = new Spool(join(tmpdir(), "fathom-test-sample"));
  try {
    const sample = (await samplesOf(model, [layer], texts, most, spool)).get(layer)!;
    const kept = (rows: Rows) => rowsOf(rows.read(0, rows.count), rows.width, rows.name);
    const elsewhere = new Map([...sample.elsewhere].map(([place, rows]) => [place, kept(rows)]));
    return { ...sample, rows: kept(sample.rows), elsewhere };
  } finally {
    spool.close();
  }
}
