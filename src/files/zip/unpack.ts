/** Reads the content of a zip's member, which may be compressed, and checks it against what the zip says of it. */
import * as zlib from "node:zlib";
import { badInput } from "../../core/errors.ts";
import { readExactly } from "../disk/read.ts";
import type { ZipMember } from "./zip.ts";

/**
 * @param most the most bytes that the content may have
 * @throws FathomError for a larger member, for a kind of compression that is not known, and for damage
 */
export function unpack(
  fd: number,
  path: string,
  name: string,
  { offset, length, unpacked, method, crc }: ZipMember,
  most: number,
): Uint8Array {
  const where = `${path} "${name}"`;
  if (Math.max(unpacked, length) > most)
    throw badInput(where, `at most ${most} bytes`, String(Math.max(unpacked, length)));
  const packed = readExactly(fd, path, offset, length);
  const content = decompressed(packed, method, unpacked, where);
  if (content.length !== unpacked || zlib.crc32(content) !== crc)
    throw badInput(where, "the content that the zip has a checksum of", "another", damaged);
  return content;
}

const damaged = "fetch the file again; it is damaged";

function decompressed(packed: Uint8Array, method: number, size: number, where: string): Uint8Array {
  // One byte of room, because a limit of 0 is refused. The caller compares the length.
  const limit = { maxOutputLength: size + 1 };
  try {
    if (method === 0) return packed;
    if (method === 8) return zlib.inflateRawSync(packed, limit);
    // Node 22.15 and newer.
    if (method === 93 && typeof zlib.zstdDecompressSync === "function")
      return zlib.zstdDecompressSync(packed, limit);
  } catch (error) {
    throw badInput(where, "compressed data", error instanceof Error ? error.message : String(error), damaged);
  }
  throw badInput(
    where,
    "a member that is stored or deflated",
    method === 93 ? "Zstandard, which this Node cannot read" : `compression method ${method}`,
    method === 93 ? "Node 22.15 or newer" : "write the file again with deflate",
  );
}
