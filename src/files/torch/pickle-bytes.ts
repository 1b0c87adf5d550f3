/**
 * Reads the bytes of a pickle from front to back: sizes, lines, texts and numbers in the encodings of the opcodes.
 * Anything that is cut short or malformed is refused. pickle.ts knows what the opcodes mean.
 */
import { badInput } from "../../core/errors.ts";

/**
 * The longest program that is read. The pickle of a state dict has a few hundred bytes per tensor. Each byte can
 * create an object, so this also limits the memory that a hostile program takes.
 */
export const maxPickleBytes = 2 ** 20;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #at = 0;

  /** @param where file, for messages */
  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes[this.skip(1)]!;
  }

  /** Moves forward by `count` bytes. @returns the position before */
  skip(count: number): number {
    const from = this.#at;
    if (!(from + count <= this.#bytes.length)) throw this.wrong("a whole pickle", "one that is cut short");
    if (from + count > maxPickleBytes) throw this.wrong(`at most ${maxPickleBytes} bytes`, "more");
    this.#at = from + count;
    return from;
  }

  uint16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  size(width: 4 | 8): number {
    const at = this.skip(width);
    return width === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  raw(length: number): Uint8Array {
    const at = this.skip(length);
    return this.#bytes.slice(at, at + length);
  }

  text(length: number): string {
    const at = this.skip(length);
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.wrong("texts in UTF-8", "other bytes");
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.wrong("a whole pickle", "a line without an end");
    const at = this.skip(end + 1 - this.#at);
    // Protocol 0 writes Latin-1 and escapes all other characters.
    return latin1.decode(this.#bytes.subarray(at, end));
  }

  textInteger(): number | boolean {
    const line = this.line();
    return line === "00" ? false : line === "01" ? true : this.integer(line);
  }

  integer(text: string): number {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value)) return value;
    throw this.wrong("whole numbers below 2^53", JSON.stringify(text.slice(0, 40)));
  }

  decimal(text: string): number {
    const words: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
    const value = words[text] ?? (/^-?[\d.]+(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN);
    if (Number.isNaN(value) && text !== "nan")
      throw this.wrong("a number", JSON.stringify(text.slice(0, 40)));
    return value;
  }

  /** Reads a two's complement, little-endian integer of at most 16 bytes. */
  long(length: number): number | string {
    const at = this.skip(length);
    if (length === 0) return 0;
    if (length > 16) throw this.wrong("whole numbers of at most 16 bytes", String(length));
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    value = BigInt.asIntN(8 * length, value);
    // A number that a double cannot hold exactly (torch's magic number) is returned as its digits; no code computes
    // with it.
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : String(value);
  }

  /** Reads a text that protocol 0 wrote as Python's repr. */
  quoted(line: string): string {
    const inner = /^(['"])(.*)\1$/s.exec(line)?.[2];
    if (inner === undefined) throw this.wrong("a quoted text", JSON.stringify(line.slice(0, 40)));
    return this.escaped(inner);
  }

  escaped(line: string): string {
    return line.replace(
      /\\(?:u([\da-f]{4})|U([\da-f]{8})|x([\da-f]{2})|(.))/gi,
      (whole, u4?: string, u8?: string, x2?: string, other?: string) => {
        const code = u4 ?? u8 ?? x2;
        if (code !== undefined) {
          const point = Number.parseInt(code, 16);
          if (point <= 0x10_ffff) return String.fromCodePoint(point);
        }
        if (other === "\\" || other === "'" || other === '"') return other;
        throw this.wrong("an escape that is known", JSON.stringify(whole));
      },
    );
  }

  /** @returns the error to throw, with the position reached */
  wrong(expected: string, found: string): Error {
    return badInput(
      `${this.#where} (pickle, byte ${this.#at})`,
      expected,
      found,
      "the same weights as .safetensors; a pickle can run any program, so nothing else is read from it",
    );
  }
}
