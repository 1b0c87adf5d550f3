/**
 * Reads the head of a GGUF file from front to back, never beyond the file's end or beyond the longest possible head. The
 * counts in it are untrusted, so memory is allocated only after checking that the file has the bytes for it.
 */
import { isUtf8 } from "node:buffer";
import { badInput } from "../../../core/errors.ts";
import { readExactly } from "../../../files/disk/read.ts";

/** The largest heads, with a vocabulary of 262,144 tokens and half a million merges, take about 20 MB. */
const longestHead = 1 << 26;
const windowBytes = 1 << 20;

/** Kinds of metadata values; the index is the kind's number in a GGUF file (ggml/docs/gguf.md). */
const kinds = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "text",
  "list",
  "u64",
  "i64",
  "f64",
] as const;
type Kind = (typeof kinds)[number];

/** The smallest size of a value in bytes. A text has at least its length, which takes eight. */
const leastBytes: Readonly<Record<Exclude<Kind, "list">, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  text: 8,
  u64: 8,
  i64: 8,
  f64: 8,
};

export class Cursor {
  readonly #fd: number;
  readonly #path: string;
  readonly #end: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;
  #at = 0;

  /** @param size bytes of the file */
  constructor(fd: number, path: string, size: number) {
    this.#fd = fd;
    this.#path = path;
    this.#end = Math.min(size, longestHead);
  }

  /** Bytes from the start of the file. */
  get position(): number {
    return this.#at;
  }

  bytes(length: number): Buffer {
    this.#promise(length);
    let from = this.#at - this.#windowStart;
    if (from + length > this.#window.length) {
      const wanted = Math.min(Math.max(length, windowBytes), this.#end - this.#at);
      this.#window = Buffer.from(readExactly(this.#fd, this.#path, this.#at, wanted).buffer);
      this.#windowStart = this.#at;
      from = 0;
    }
    this.#at += length;
    return this.#window.subarray(from, from + length);
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  /** @throws FathomError for a number above 2^53 − 1, which is wrong in every file */
  u64(what: string): number {
    const value = Number(this.bytes(8).readBigUInt64LE());
    if (!Number.isSafeInteger(value)) throw badInput(this.#path, what, String(value), "fetch the file again");
    return value;
  }

  /**
   * The number of items that follow, of at least `least` bytes each.
   * @throws FathomError when the file cannot hold them
   */
  count(what: string, least: number): number {
    const value = this.u64(what);
    this.#promise(value * least);
    return value;
  }

  /** @throws FathomError for a text that is not UTF-8 or is longer than `most` bytes */
  text(most = longestHead): string {
    const length = this.count("the length of a text", 1);
    if (length > most) throw badInput(this.#path, `a name of at most ${most} bytes`, `one of ${length}`);
    const bytes = this.bytes(length);
    if (!isUtf8(bytes)) throw badInput(this.#path, "texts in UTF-8", `other bytes before ${this.#at}`);
    return bytes.toString("utf8");
  }

  /** A metadata value, which is stored after its kind. 64-bit integers become JavaScript numbers. */
  value(key: string): unknown {
    const kind = this.#kind(key);
    if (kind !== "list") return this.#one(kind);
    const item = this.#kind(key);
    if (item === "list")
      throw badInput(`${this.#path} "${key}"`, "a list of plain values", "a list of lists");
    const length = this.count(`the length of "${key}"`, leastBytes[item]);
    return Array.from({ length }, () => this.#one(item));
  }

  #kind(key: string): Kind {
    const number = this.u32();
    const kind = kinds[number];
    if (kind === undefined)
      throw badInput(`${this.#path} "${key}"`, `a kind of value below ${kinds.length}`, String(number));
    return kind;
  }

  #one(kind: Exclude<Kind, "list">): number | boolean | string {
    if (kind === "text") return this.text();
    const bytes = this.bytes(leastBytes[kind]);
    switch (kind) {
      case "u8":
        return bytes.readUInt8();
      case "i8":
        return bytes.readInt8();
      case "u16":
        return bytes.readUInt16LE();
      case "i16":
        return bytes.readInt16LE();
      case "u32":
        return bytes.readUInt32LE();
      case "i32":
        return bytes.readInt32LE();
      case "f32":
        return bytes.readFloatLE();
      case "bool":
        return bytes.readUInt8() !== 0;
      case "u64":
        return Number(bytes.readBigUInt64LE());
      case "i64":
        return Number(bytes.readBigInt64LE());
      case "f64":
        return bytes.readDoubleLE();
    }
  }

  #promise(length: number): void {
    if (this.#at + length <= this.#end) return;
    throw badInput(
      this.#path,
      `a head of a GGUF file that goes on for ${length} bytes at ${this.#at}`,
      this.#end === longestHead
        ? `the most that a head may have, ${longestHead}`
        : `a file of ${this.#end} bytes`,
      "fetch the file again; it is cut short or damaged",
    );
  }
}
