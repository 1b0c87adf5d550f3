/** Finds the first of several texts in a text that grows. */

export class StopTexts {
  readonly #stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /**
   * Where the first stop text begins, from `from` on; null when none has come. The first one is the one that is complete
   * first: then it is the same however the text is cut into tokens. Of two that end at one place it is the longer.
   */
  firstIn(text: string, from: number): number | null {
    const found = this.#stops
      .map((stop) => ({ start: text.indexOf(stop, from), length: stop.length }))
      .filter(({ start }) => start >= 0)
      .sort((a, b) => a.start + a.length - (b.start + b.length) || a.start - b.start);
    return found[0]?.start ?? null;
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
