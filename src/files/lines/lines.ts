/** The lines of a file as bytes, read piece by piece, because a journal may be larger than the longest possible string. */
import { fstatSync, readSync } from "node:fs";

const chunkBytes = 1 << 20;

export interface ByteLine {
  /** Line number from 1. */
  number: number;
  /** Bytes from the start of the file. */
  offset: number;
  /** The line without the newline. */
  bytes: Buffer;
  /** False for a last line without a newline. */
  complete: boolean;
}

/** The lines of an open file, from its start. */
export function* byteLines(fd: number): Generator<ByteLine> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let pending: Buffer[] = [];
  let position = 0;
  let offset = 0;
  let number = 1;
  // A pipe cannot be read at a position: it only gives the next bytes.
  const seekable = fstatSync(fd).isFile();
  for (;;) {
    const length = readSync(fd, chunk, 0, chunkBytes, seekable ? position : null);
    if (length === 0) break;
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0 && at < length; at = chunk.indexOf(10, from)) {
      const bytes = Buffer.concat([...pending, chunk.subarray(from, at)]);
      yield { number, offset, bytes, complete: true };
      pending = [];
      number += 1;
      from = at + 1;
      offset = position + from;
    }
    if (from < length) pending.push(Buffer.from(chunk.subarray(from, length)));
    position += length;
  }
  if (pending.length > 0) yield { number, offset, bytes: Buffer.concat(pending), complete: false };
}

/** The lines of a file that is in memory. */
export function* linesIn(file: Uint8Array): Generator<Pick<ByteLine, "number" | "bytes">> {
  const all = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let from = 0, number = 1; from < all.length; number += 1) {
    const at = all.indexOf(10, from);
    const to = at < 0 ? all.length : at;
    yield { number, bytes: all.subarray(from, to) };
    from = to + 1;
  }
}
