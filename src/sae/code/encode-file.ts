/** Reads activations from a file and writes features and reconstruction to a file, a stretch of rows at a time. */

import { inTurn, Spool, type Spooled } from "../../files/disk/spool.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import { rowsInFile } from "./rows.ts";
import type { Sae } from "./sae.ts";
import { SaeSession } from "./sae-session.ts";

export interface EncodedFile {
  /** n */
  rows: number;
  d_in: number;
  d_sae: number;
}

/**
 * Reads `activations` [n, d_in] (F32, F16 or BF16). Writes float32 `features` [n, d_sae] and `reconstruction` [n, d_in],
 * in the units of the input. The output file is complete or is not written. Its layout needs all features before all
 * reconstructions, and each row is computed only once. So both go first to temporary files on the output's disk; memory
 * holds one stretch of rows.
 * @param onRows called after each stretch with the number of rows done
 * @throws FathomError if the tensor is missing, has another width or holds NaN or an infinity; if the output cannot
 *   be written
 */
export async function encodeFile({
  sae,
  activationsPath,
  outPath,
  onRows = () => undefined,
  ...options
}: {
  sae: Sae;
  activationsPath: string;
  outPath: string;
  onRows?: (done: number, total: number) => void;
} & SessionOptions): Promise<EncodedFile> {
  const file = openSafetensors(activationsPath);
  let spool: Spool | null = null;
  let session: SaeSession | null = null;
  try {
    const rows = rowsInFile(file, "activations");
    const { d_in, d_sae } = sae;
    const opened = (session = await SaeSession.open(sae, options));
    const aside = (spool = new Spool(outPath));
    const features: Spooled[] = [];
    const reconstruction: Spooled[] = [];
    await opened.encodeRows(rows, async (stretch) => {
      features.push(aside.put(stretch.features));
      reconstruction.push(aside.put(await opened.decode(stretch)));
      onRows(stretch.from + stretch.x.length / d_in, rows.count);
    });
    writeSafetensors(
      outPath,
      [
        { name: "features", dtype: "F32", shape: [rows.count, d_sae], values: () => inTurn(features) },
        {
          name: "reconstruction",
          dtype: "F32",
          shape: [rows.count, d_in],
          values: () => inTurn(reconstruction),
        },
      ],
      { sae: sae.identity() },
    );
    return { rows: rows.count, d_in, d_sae };
  } finally {
    file.close();
    spool?.close();
    await session?.close();
  }
}
