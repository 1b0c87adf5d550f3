/** Damage that ignores the format: flipped bits, lost and repeated pieces, files that end early or have extra bytes. */
import type { Random } from "../../../src/core/random.ts";

export type Mutator = (original: Buffer, random: Random) => Buffer;

/** Numbers at the limits of sizes, signs and exact doubles. */
export const extremes = [
  0n,
  1n,
  2n,
  7n,
  255n,
  65_536n,
  1_000_000n,
  (1n << 31n) - 1n,
  1n << 31n,
  (1n << 32n) - 1n,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  1n << 60n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

const ways: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  (bytes, at, random) => {
    bytes[at]! ^= 1 << random.integer(8);
    return bytes;
  },
  (bytes, at, random) => {
    bytes[at] = pick(random, [0, 1, 0x22, 0x2d, 0x39, 0x5b, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff]);
    return bytes;
  },
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => Buffer.concat([bytes, bytes.subarray(at, at + 1 + random.integer(64))]),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(64))]),
  (bytes, at, random) => {
    const piece = bytes.subarray(at, at + 1 + random.integer(64));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  (bytes, at, random) =>
    bytes.fill(pick(random, [0, 0xff]), at, Math.min(bytes.length, at + 1 + random.integer(32))),
];

/** @param upTo damage only bytes before this one; most files describe their content at the beginning */
export function mutateBytes(original: Buffer, random: Random, upTo = original.length): Buffer {
  let bytes = Buffer.from(original);
  for (let n = 1 + random.integer(3); n > 0; n--) {
    const at = random.integer(Math.max(1, Math.min(upTo, bytes.length)));
    if (bytes.length > 0) bytes = Buffer.from(pick(random, ways)(bytes, at, random));
  }
  return bytes;
}
