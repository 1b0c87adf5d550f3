/**
 * What an anatomy has measured, in `measurements.jsonl`: one sealed line per measurement. A job that was killed goes on and
 * measures nothing twice; and because numbers are kept to the bit, it ends with the same bytes. Texts and vectors of the
 * residual stream are never given to it, so they are never on the disk.
 */
import { badInput } from "../../../core/errors.ts";
import { hashJson, type Json } from "../../../core/hash.ts";
import { type Journal, openJournal } from "../../../files/lines/journal.ts";
import { type Packed, packed, unpacked } from "./packed.ts";

/** Measures, unless the same was measured before. */
export interface Memory {
  /**
   * @param what the kind of measurement, for people who read the file
   * @param inputs everything that the result depends on, besides the inputs in the manifest
   * @param measure its result is JSON whose leaves may be Float32Array or Float64Array
   * @throws FathomError if the disk fails, and what `measure` throws
   */
  recall<T>(what: string, inputs: Json, measure: () => Promise<T>): Promise<T>;
}

interface Line {
  key: string;
  what: string;
  value: Packed;
}

export class JournalMemory implements Memory {
  readonly #journal: Journal<Line>;
  readonly #known = new Map<string, Packed>();

  /** @throws FathomError for a damaged file, and for a measurement that is there twice */
  constructor(path: string) {
    this.#journal = openJournal(path, lineOf);
    for (const { key, value } of this.#journal.records) {
      if (this.#known.has(key))
        throw badInput(
          path,
          "each measurement once",
          `key ${key} twice`,
          "restore the file or start a new run",
        );
      this.#known.set(key, value);
    }
  }

  async recall<T>(what: string, inputs: Json, measure: () => Promise<T>): Promise<T> {
    const key = hashJson({ what, inputs });
    const known = this.#known.get(key);
    if (known !== undefined) return unpacked(known) as T;
    const value = await measure();
    const kept = packed(value);
    this.#journal.append({ key, what, value: kept } satisfies Line);
    this.#known.set(key, kept);
    return value;
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }
}

function lineOf(value: unknown, where: string): Line {
  const { key, what, value: kept } = value as Partial<Line>;
  if (typeof key !== "string" || typeof what !== "string" || kept === undefined)
    throw badInput(
      where,
      "a measurement: key, what and value",
      "another record",
      "restore the file or start a new run",
    );
  return { key, what, value: kept };
}
