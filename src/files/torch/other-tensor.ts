/**
 * A tensor of whole numbers or booleans. Fathom never computes with one. Small ones hold settings beside the weights
 * (how many features are active, how large groups are) and can be read as numbers.
 */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";

export interface OtherPlace {
  path: string;
  strides: readonly number[];
  /** Bytes from the start of the file to element 0. */
  offset: number;
  /** First byte after the tensor's storage. */
  end: number;
}

/** Limit of elements. Settings have few numbers; a larger tensor holds data. */
const most = 4096;

const readers: Readonly<Record<string, { bytes: number; read: (view: DataView) => number }>> = {
  I64: { bytes: 8, read: (view) => Number(view.getBigInt64(0, true)) },
  I32: { bytes: 4, read: (view) => view.getInt32(0, true) },
  I16: { bytes: 2, read: (view) => view.getInt16(0, true) },
  I8: { bytes: 1, read: (view) => view.getInt8(0) },
  U8: { bytes: 1, read: (view) => view.getUint8(0) },
  BOOL: { bytes: 1, read: (view) => view.getUint8(0) },
};

export class OtherTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly #place: OtherPlace | null;

  constructor(dtype: string, shape: readonly number[], place: OtherPlace | null = null) {
    this.dtype = dtype;
    this.shape = shape;
    this.#place = place;
  }

  /**
   * Reads the numbers of a vector or of a single number.
   * @param name for messages
   * @throws FathomError for an unknown type, a matrix, too many numbers, or numbers outside the storage
   */
  read(name: string): number[] {
    const place = this.#place;
    const reader = readers[this.dtype];
    const [count = 1, ...more] = this.shape;
    const where = `${place?.path ?? "tensor"} "${name}"`;
    if (place === null || reader === undefined || more.length > 0 || count > most)
      throw badInput(where, "a few whole numbers", `${this.dtype} [${this.shape.join(", ")}]`);
    const step = (place.strides[0] ?? 1) * reader.bytes;
    const last = place.offset + (count - 1) * step + reader.bytes;
    if (!Number.isSafeInteger(last) || !(place.offset >= 0) || last > place.end)
      throw badInput(where, `${count} numbers in its storage`, "an end before them");
    let fd: number;
    try {
      fd = openSync(place.path, "r");
    } catch (error) {
      throw readProblem(place.path, error, "a .pt file");
    }
    try {
      return Array.from({ length: count }, (_, i) =>
        reader.read(new DataView(readExactly(fd, place.path, place.offset + i * step, reader.bytes).buffer)),
      );
    } finally {
      closeSync(fd);
    }
  }
}
