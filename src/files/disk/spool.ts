/**
 * Stores arrays temporarily on the disk, because together they may be larger than memory. Two cases need this:
 * captured values arrive in another order than a safetensors file needs them, and residuals wait for the next block
 * when only one block is open at a time.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { writeAll, writeProblem } from "./io.ts";
import { partialOf } from "./partial.ts";
import { readExactly } from "./read.ts";

/** Most elements that are read back at once. */
const pieceElements = 1 << 20;

/** A stored array. It can be read any number of times until the spool is closed. */
export interface Spooled {
  pieces: () => Iterable<Float32Array>;
  whole: () => Float32Array<ArrayBuffer>;
  /** Numbers from (included) to (excluded). */
  part: (from: number, to: number) => Float32Array<ArrayBuffer>;
  /** Writes values over those from `at` on. */
  write: (values: Float32Array<ArrayBuffer>, at: number) => void;
  /** Replaces it by another array of the same length. */
  replace: (values: Float32Array<ArrayBuffer>) => void;
}

export class Spool {
  readonly #path: string;
  readonly #fd: number;
  #end = 0;

  /** @param beside path of the output. The spool is on the same disk, so that a full disk is noticed early. */
  constructor(beside: string) {
    this.#path = `${partialOf(beside)}-rows`;
    try {
      this.#fd = openSync(this.#path, "w+");
      // The file stays open but has no name any more, so nothing is left behind however this process ends.
      rmSync(this.#path);
    } catch (error) {
      throw writeProblem(this.#path, error);
    }
  }

  /** @throws FathomError if the disk is full */
  put(values: Float32Array<ArrayBuffer>): Spooled {
    const stored = this.room(values.length);
    stored.write(values, 0);
    return stored;
  }

  /** Room for an array whose values come later, in any order. What is not written must not be read. */
  room(length: number): Spooled {
    const start = this.#end;
    this.#end += 4 * length;
    const within = (from: number, to: number) => {
      if (from < 0 || to > length)
        throw new RangeError(`spool: expected a part of ${length} numbers, found ${from} to ${to}`);
      return start + 4 * from;
    };
    return {
      pieces: () => this.#pieces(start, length),
      whole: () => this.#read(start, length),
      part: (from, to) => this.#read(within(from, to), to - from),
      write: (values, at) => {
        this.#write(values, within(at, at + values.length));
      },
      replace: (others) => {
        if (others.length !== length)
          throw new RangeError(`spool: expected ${length} numbers, found ${others.length}`);
        this.#write(others, start);
      },
    };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(values: Float32Array<ArrayBuffer>, start: number): void {
    try {
      writeAll(this.#fd, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
    } catch (error) {
      throw writeProblem(this.#path, error);
    }
  }

  *#pieces(start: number, length: number): Iterable<Float32Array> {
    for (let at = 0; at < length; at += pieceElements)
      yield this.#read(start + 4 * at, Math.min(pieceElements, length - at));
  }

  #read(start: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(readExactly(this.#fd, this.#path, start, 4 * length).buffer);
  }
}

/** Reads several stored arrays one after another, as if they were one. */
export function* inTurn(parts: readonly Spooled[]): Iterable<Float32Array> {
  for (const part of parts) yield* part.pieces();
}
