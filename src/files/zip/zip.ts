/**
 * Reads the table of a zip file. Members without compression can be read in place, as those of NumPy's .npz and PyTorch's .pt;
 * unpack.ts reads the others. A zip states everything twice, in the central directory and in local headers. Readers that use
 * different ones would see different files, so both must agree here. Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local
 * header), 4.3.12 (directory), 4.3.14 to 4.3.16 (ends, zip64).
 */
import { badInput } from "../../core/errors.ts";
import { readExactly } from "../disk/read.ts";

export interface ZipMember {
  /** Bytes from the start of the file to the member's data. */
  offset: number;
  /** Bytes in the file. */
  length: number;
  /** Bytes without the compression. */
  unpacked: number;
  /** 0: stored as it is; 8: deflated; 93: Zstandard (APPNOTE 4.4.5). */
  method: number;
  /** CRC-32 of the bytes without the compression. */
  crc: number;
}

/** What a zip may be, besides what the format says. */
export interface ZipForm {
  /** Whether members may be compressed. */
  compressed: boolean;
  /** Whether a later member may replace one of the same name, as in a log that is appended to. */
  replaced: boolean;
}

const inPlace: ZipForm = { compressed: false, replaced: false };

/** The end record has 22 bytes and a comment of at most 65,535 bytes. */
const longestEnd = 22 + 65_535;
/** Limit of the directory. A model's zip has some hundred members; a larger directory is an attack. */
const maxDirectoryBytes = 64 * 2 ** 20;
const signatures = {
  local: 0x04034b50,
  entry: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
};
/** The value of a 32-bit field whose real value is in the zip64 extra field. */
const elsewhere = 0xffff_ffff;

/**
 * @param size bytes of the file
 * @returns members by name, in the order of the directory
 * @throws FathomError if the zip is incomplete or contradicts itself
 */
export function readZip(fd: number, path: string, size: number, form = inPlace): Map<string, ZipMember> {
  const { count, start, length } = findDirectory(fd, path, size);
  if (length > maxDirectoryBytes)
    throw badInput(path, `a zip directory of at most ${maxDirectoryBytes} bytes`, String(length));
  if (!(start >= 0 && start + length <= size)) throw cutShort(path, "a directory inside the file");
  const bytes = readExactly(fd, path, start, length);
  const view = new DataView(bytes.buffer);
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== signatures.entry)
      throw cutShort(path, `${count} entries in the directory`);
    const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const end = at + 46 + lengths.reduce((sum, part) => sum + part, 0);
    if (end > length) throw cutShort(path, `${count} entries in the directory`);
    const name = text(bytes.subarray(at + 46, at + 46 + lengths[0]!), path);
    const where = `${path} "${name}"`;
    if (members.has(name) && !form.replaced)
      throw badInput(path, "every member of the zip once", `"${name}" twice`);
    const flags = view.getUint16(at + 8, true);
    if ((flags & 1) !== 0) throw badInput(where, "a member that is not encrypted", "one that is");
    const method = view.getUint16(at + 10, true);
    if (method !== 0 && !form.compressed)
      throw badInput(where, "a member without compression", "one with", "numpy.savez, not savez_compressed");
    const extra = new DataView(bytes.buffer, at + 46 + lengths[0]!, lengths[1]);
    const [unpacked, packed, header] = wide(
      extra,
      [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      where,
    );
    if (method === 0 && unpacked !== packed)
      throw badInput(where, `${packed} bytes, as stored`, `${unpacked} said to be there`);
    const place = { header: header!, length: packed!, method };
    members.set(name, {
      ...{ offset: localOffset(fd, path, size, name, place), length: packed!, unpacked: unpacked! },
      ...{ method, crc: view.getUint32(at + 16, true) },
    });
    at = end;
  }
  if (at !== length) throw badInput(path, `a directory of ${at} bytes`, `${length}`);
  refuseOverlaps(members, path);
  return members;
}

function findDirectory(
  fd: number,
  path: string,
  size: number,
): { count: number; start: number; length: number } {
  const from = Math.max(0, size - longestEnd);
  const tail = new DataView(readExactly(fd, path, from, size - from).buffer);
  let at = tail.byteLength - 22;
  // The comment must end exactly at the file's end. Otherwise a signature inside the comment could pass for another
  // directory.
  while (
    at >= 0 &&
    !(
      tail.getUint32(at, true) === signatures.end &&
      at + 22 + tail.getUint16(at + 20, true) === tail.byteLength
    )
  )
    at--;
  if (at < 0) throw cutShort(path, "the directory of a zip file");
  const record = {
    count: tail.getUint16(at + 10, true),
    length: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
  if (tail.getUint16(at + 4, true) !== 0 && tail.getUint16(at + 4, true) !== 0xffff)
    throw badInput(path, "a zip in one file", "one of several");
  const isWide = record.count === 0xffff || record.length === elsewhere || record.start === elsewhere;
  const locator = at - 20;
  if (!isWide || locator < 0 || tail.getUint32(locator, true) !== signatures.locator64) return record;
  const place = safe(tail.getBigUint64(locator + 8, true), path);
  if (place + 56 > size) throw cutShort(path, "a zip64 end record inside the file");
  const end64 = new DataView(readExactly(fd, path, place, 56).buffer);
  if (end64.getUint32(0, true) !== signatures.end64) throw cutShort(path, "a zip64 end record");
  return {
    count: safe(end64.getBigUint64(32, true), path),
    length: safe(end64.getBigUint64(40, true), path),
    start: safe(end64.getBigUint64(48, true), path),
  };
}

/** Returns 32-bit values; those that did not fit are taken from the zip64 extra field, in their order. */
function wide(extra: DataView, values: readonly number[], where: string): number[] {
  let field: DataView | null = null;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) throw badInput(where, "whole extra fields", "one cut short");
    if (extra.getUint16(at, true) === 1)
      field = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    at += 4 + length;
  }
  let at = 0;
  return values.map((value) => {
    if (value !== elsewhere) return value;
    if (field === null || at + 8 > field.byteLength) throw badInput(where, "a zip64 size", "none");
    at += 8;
    return safe(field.getBigUint64(at - 8, true), where);
  });
}

/**
 * Finds a member's data, which begins after its local header. Name and extra field of that header may have other
 * lengths than in the directory.
 */
function localOffset(
  fd: number,
  path: string,
  size: number,
  name: string,
  { header, length, method }: { header: number; length: number; method: number },
): number {
  const where = `${path} "${name}"`;
  if (header + 30 > size) throw cutShort(path, `the header of "${name}"`);
  const local = new DataView(readExactly(fd, path, header, 30).buffer);
  if (local.getUint32(0, true) !== signatures.local)
    throw badInput(where, "a local header", "something else");
  const [nameLength, extraLength] = [local.getUint16(26, true), local.getUint16(28, true)];
  const offset = header + 30 + nameLength + extraLength;
  if (offset + length > size) throw cutShort(path, `${length} bytes of "${name}"`);
  const localName = text(readExactly(fd, path, header + 30, nameLength), path);
  if (localName !== name) throw badInput(where, "one name", `"${localName}" in its local header`);
  if (local.getUint16(8, true) !== method)
    throw badInput(
      where,
      method === 0 ? "no compression" : "one kind of compression",
      "another in its local header",
    );
  return offset;
}

function refuseOverlaps(members: ReadonlyMap<string, ZipMember>, path: string): void {
  const sorted = [...members].sort(([, a], [, b]) => a.offset - b.offset);
  sorted.forEach(([name, { offset }], i) => {
    const before = sorted[i - 1];
    if (before !== undefined && before[1].offset + before[1].length > offset)
      throw badInput(path, "members that do not overlap", `"${name}" inside "${before[0]}"`);
  });
}

function text(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badInput(path, "names of UTF-8 text", "bytes that are not UTF-8");
  }
}

function safe(value: bigint, where: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw badInput(where, "sizes that a file can have", String(value));
  return Number(value);
}

function cutShort(path: string, expected: string): Error {
  return badInput(path, expected, "none", "fetch the file again; it is cut short, or no zip file");
}
