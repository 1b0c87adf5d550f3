/**
 * The text of a thought while it grows, without its marks and the white space around it. Several thoughts in a row become
 * one, as `splitReasoning` (core/channels.ts) has it.
 */
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";
import { StopTexts } from "./stop-texts.ts";
import { TextPieces } from "./text-pieces.ts";

export class ThoughtText {
  readonly #tokenizer: Tokenizer;
  readonly #closings: StopTexts;
  #pieces: TextPieces;
  /** Text that is not given yet: white space, or the beginning of a closing mark. */
  #held = "";
  #given: "nothing" | "this thought" | "an earlier thought" = "nothing";

  /** @param closings the marks that close a thought */
  constructor(tokenizer: Tokenizer, closings: readonly string[]) {
    this.#tokenizer = tokenizer;
    this.#closings = new StopTexts(closings);
    this.#pieces = new TextPieces(tokenizer);
  }

  push(id: number): string {
    this.#held += this.#pieces.push(id);
    return this.#give(this.#held.length - this.#closings.begunAtEndOf(this.#held));
  }

  /** @param id the last token of the closing mark */
  close(id: number): string {
    this.#held += this.#pieces.push(id) + this.#pieces.end();
    // A mark that is a special token is not in the text.
    const rest = this.#give(this.#closings.firstIn(this.#held, 0) ?? this.#held.length);
    this.#pieces = new TextPieces(this.#tokenizer);
    this.#held = "";
    if (this.#given === "this thought") this.#given = "an earlier thought";
    return rest;
  }

  /** The rest of a thought that was cut. A begun closing mark is not a part of it. */
  end(): string {
    this.#held += this.#pieces.end();
    return this.#give(this.#held.length - this.#closings.begunAtEndOf(this.#held));
  }

  /** Gives the held text up to here, without white space at the end. */
  #give(until: number): string {
    const ready = this.#held.slice(0, until).trimEnd();
    const text = this.#given === "this thought" ? ready : ready.trimStart();
    if (text === "") return "";
    this.#held = this.#held.slice(ready.length);
    const between = this.#given === "an earlier thought" ? "\n\n" : "";
    this.#given = "this thought";
    return between + text;
  }
}
