/**
 * Collects what a loader assumed or ignored. Each kind of note is stated once, with the number of lines that it
 * concerns.
 */

export interface Note {
  field: string;
  /** The rest of the sentence "<field> …". The wording of the first line is used for all lines of this kind. */
  what: string;
  /** Separates two notes about the same field. */
  kind?: string;
}

export class Notes {
  readonly #total: number;
  readonly #seen = new Map<string, Note & { lines: number }>();

  constructor(total: number) {
    this.#total = total;
  }

  add(note: Note): void {
    const key = JSON.stringify([note.field, note.kind ?? ""]);
    const seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, { ...note, lines: 1 });
    else seen.lines += 1;
  }

  /** The notes as sentences, in the order in which they first occurred. */
  sentences(): string[] {
    return [...this.#seen.values()].map(
      ({ field, what, lines }) => `${field} ${what} (${lines} of ${this.#total} lines)`,
    );
  }
}
