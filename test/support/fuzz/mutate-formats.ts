/** Damage at the places where safetensors, zips of tensors and GGUF store counts, lengths, types and offsets. */
import type { Random } from "../../../src/core/random.ts";
import { extremes, mutateBytes, pick } from "./mutate-bytes.ts";
import { mutateJson } from "./mutate-json.ts";

/** Damages a safetensors file: eight bytes of length, JSON, data (https://huggingface.co/docs/safetensors). */
export function mutateSafetensors(original: Buffer, random: Random): Buffer {
  const length = Number(original.readBigUInt64LE(0));
  const [json, data] = [original.subarray(8, 8 + length), original.subarray(8 + length)];
  const whole = (header: Buffer, said: bigint): Buffer => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt.asUintN(64, said));
    return Buffer.concat([prefix, header, data]);
  };
  switch (random.integer(6)) {
    case 0:
      return mutateBytes(original, random, 8 + length + 8);
    case 1:
      return whole(json, pick(random, extremes));
    case 2:
      return whole(json, BigInt(length + random.integer(33) - 16));
    default: {
      const header = mutateJson(json, random);
      return whole(header, BigInt(header.length));
    }
  }
}

/**
 * Marks of a zip's parts: a member, an entry of the directory, the end. The description of a member's numbers follows
 * its header.
 */
const zipMarks = ["PK\u0003\u0004", "PK\u0001\u0002", "PK\u0005\u0006"];

/** Damages a zip with uncompressed members: NumPy's .npz, with its headers, or PyTorch's .pt, with its pickle. */
export function mutateZip(original: Buffer, random: Random): Buffer {
  if (random.integer(5) === 0) return mutateBytes(original, random);
  const bytes = Buffer.from(original);
  const starts = zipMarks.flatMap((mark) => {
    const found: number[] = [];
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) found.push(at);
    return found;
  });
  for (let n = 1 + random.integer(2); n > 0; n--) {
    const at = Math.min(
      pick(random, starts) + random.integer(pick(random, [64, 64, 1024])),
      bytes.length - 4,
    );
    if (random.integer(2) === 0) bytes.writeUInt32LE(Number(BigInt.asUintN(32, pick(random, extremes))), at);
    else bytes[at]! ^= 1 << random.integer(8);
  }
  return bytes;
}

interface Field {
  at: number;
  bytes: 4 | 8;
}

/** All counts, lengths, types, dimensions and offsets of a GGUF header, in order (ggml/docs/gguf.md, version 3). */
export function ggufFields(file: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 4;
  const number = (bytes: 4 | 8): number => {
    fields.push({ at, bytes });
    const value = bytes === 4 ? file.readUInt32LE(at) : Number(file.readBigUInt64LE(at));
    at += bytes;
    return value;
  };
  const text = (): void => {
    const length = number(8);
    at += length;
  };
  const widths: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 7: 1 };
  const value = (type: number): void => {
    if (type === 8) text();
    else if (type === 9) {
      const item = number(4);
      for (let n = number(8); n > 0; n--) value(item);
    } else if (widths[type] !== undefined) at += widths[type];
    else number(type < 10 ? 4 : 8);
  };
  number(4);
  const [tensors, pairs] = [number(8), number(8)];
  for (let i = 0; i < pairs; i++) {
    text();
    value(number(4));
  }
  for (let i = 0; i < tensors; i++) {
    text();
    for (let axes = number(4); axes > 0; axes--) number(8);
    number(4);
    number(8);
  }
  return fields;
}

export function mutateGguf(original: Buffer, random: Random): Buffer {
  const fields = ggufFields(original);
  const end = fields.at(-1)!.at + 8;
  if (random.integer(4) === 0) return mutateBytes(original, random, end);
  const bytes = Buffer.from(original);
  // Most fields of a header are lengths of tokens. So half of the time only the fields before and after them are used.
  const outside =
    random.integer(2) === 0 ? fields.filter((_, i) => i < 60 || i > fields.length - 200) : fields;
  for (let n = 1 + random.integer(2); n > 0; n--) {
    const { at, bytes: width } = pick(random, outside);
    const before = width === 4 ? BigInt(bytes.readUInt32LE(at)) : bytes.readBigUInt64LE(at);
    const value = pick(random, [
      pick(random, extremes),
      before + 1n,
      before - 1n,
      before * 2n,
      before << 32n,
      before ^ (1n << BigInt(random.integer(8 * width))),
      BigInt(random.integer(40)),
    ]);
    if (width === 4) bytes.writeUInt32LE(Number(BigInt.asUintN(32, value)), at);
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }
  return bytes;
}
