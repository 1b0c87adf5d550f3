/** Finds the first of several texts in a text that grows. */

export class StopTexts {
  readonly #stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Where the first stop text begins, from `from` on; null when none has come. */
  firstIn(text: string, from: number): number | null {
    const found = this.#stops.map((stop) => text.indexOf(stop, from)).filter((at) => at >= 0);
    return found.length === 0 ? null : Math.min(...found);
  }

  /** The length of the longest end of the text with which a stop text begins. What follows may complete it. */
  begunAtEndOf(text: string): number {
    let longest = 0;
    for (const stop of this.#stops)
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--)
        if (text.endsWith(stop.slice(0, length))) longest = length;
    return longest;
  }
}
