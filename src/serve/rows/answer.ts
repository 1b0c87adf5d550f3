/** An answer while it grows: tokens in, pieces of text out. It ends at the first stop text, which is not a part of it. */
import type { Generation, NewToken } from "../../model/engine/generation.ts";
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";
import { TextPieces } from "./text-pieces.ts";
import type { TokenLogProbability, TokenShower } from "./token-shown.ts";

export interface Piece {
  text: string;
  /** The tokens that begin in this piece; empty when the request does not ask for log probabilities. */
  tokens: readonly TokenLogProbability[];
}

export type Finish = "stop" | "length";

export class Answer {
  readonly #pieces: TextPieces;
  readonly #shower: TokenShower;
  readonly #stops: readonly string[];
  #text = "";
  #sent = 0;
  #count = 0;
  #stopped = false;
  readonly #held: { start: number; shown: TokenLogProbability }[] = [];

  constructor(tokenizer: Tokenizer, shower: TokenShower, stops: readonly string[]) {
    this.#pieces = new TextPieces(tokenizer);
    this.#shower = shower;
    this.#stops = stops;
  }

  /** How many tokens the model has made, with those of a stop text. */
  get count(): number {
    return this.#count;
  }

  /** Whether a stop text has come. No more tokens are needed then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** @returns the part of the answer that is certain now; null when there is nothing new */
  push({ token, logProbabilities }: NewToken): Piece | null {
    const start = this.#text.length;
    if (logProbabilities !== null) {
      const shown = this.#shower.withLogProbabilities(token, this.#count === 0, logProbabilities);
      this.#held.push({ start, shown });
    }
    this.#count++;
    return this.#take(this.#pieces.push(token), false);
  }

  /** @returns the rest of the answer */
  end(): Piece | null {
    return this.#stopped ? null : this.#take(this.#pieces.end(), true);
  }

  #take(added: string, isLast: boolean): Piece | null {
    this.#text += added;
    const found = this.#stops.map((stop) => this.#text.indexOf(stop, this.#sent)).filter((at) => at >= 0);
    this.#stopped = found.length > 0;
    const until = this.#stopped
      ? Math.min(...found)
      : this.#text.length - (isLast ? 0 : this.#lengthOfBegunStop());
    const text = this.#text.slice(this.#sent, until);
    this.#sent = until;
    const ready =
      isLast && !this.#stopped ? this.#held.length : this.#held.filter(({ start }) => start < until).length;
    const tokens = this.#held.splice(0, ready).map(({ shown }) => shown);
    return text === "" && tokens.length === 0 ? null : { text, tokens };
  }

  /** The length of the longest end of the text with which a stop text begins. */
  #lengthOfBegunStop(): number {
    const open = this.#text.slice(this.#sent);
    let longest = 0;
    for (const stop of this.#stops)
      for (let length = Math.min(stop.length - 1, open.length); length > longest; length--)
        if (open.endsWith(stop.slice(0, length))) longest = length;
    return longest;
  }
}

/** A full context also cuts an answer off. */
export function finishOf(finish: Generation["finish"]): Finish {
  return finish === "stop" ? "stop" : "length";
}
