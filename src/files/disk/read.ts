/** Reads exactly as many bytes, at a given position, as a header states. */
import { readSync } from "node:fs";
import { badInput } from "../../core/errors.ts";

/** @throws FathomError if the file ends before that */
export function readExactly(
  fd: number,
  path: string,
  offset: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    // One read call moves less than 2 GiB.
    const count = readSync(fd, bytes, done, Math.min(length - done, 1 << 30), offset + done);
    if (count === 0)
      throw badInput(
        path,
        `${length} bytes at ${offset}`,
        `${done}`,
        "fetch the file again; it is cut short",
      );
    done += count;
  }
  return bytes;
}
