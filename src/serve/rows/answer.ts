/**
 * A row's tokens become pieces of two texts: what a reasoning model thinks, and what it answers. The engine tells them apart
 * by token ids (model/engine/decoding/thought.ts).
 */

import { Thought } from "../../model/engine/decoding/thought.ts";
import type { Generation, NewToken } from "../../model/engine/generation.ts";
import type { Thinking } from "../../model/text/thinking.ts";
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";
import { type AnswerPiece, AnswerText } from "./answer-text.ts";
import { ThoughtText } from "./thought-text.ts";
import type { TokenLogProbability, TokenShower } from "./token-shown.ts";

export interface Piece {
  text: string;
  reasoning: string;
  /** The tokens that begin in this piece of the text; empty when the request does not ask for log probabilities. */
  tokens: readonly TokenLogProbability[];
}

export type Finish = "stop" | "length";

export interface AnswerOptions {
  tokenizer: Tokenizer;
  shower: TokenShower;
  /** null: all text is answer. */
  thinking: Thinking | null;
  /** The tokens that the model reads; they may end with an opened thought. */
  prompt: readonly number[];
  /** Texts that end the answer. They do not end a thought. */
  stops: readonly string[];
}

export class Answer {
  readonly #options: AnswerOptions;
  readonly #thought: Thought | null;
  readonly #thoughtText: ThoughtText;
  readonly #ids: number[] = [];
  /** Tokens that may still turn out to open a thought. */
  #undecided: NewToken[] = [];
  #answer: AnswerText<TokenLogProbability | null> | null = null;

  constructor(options: AnswerOptions) {
    const { tokenizer, thinking, prompt } = options;
    this.#options = options;
    // The engine applies no cap to the thought: max_tokens counts both.
    this.#thought = thinking === null ? null : new Thought({ ...thinking, cap: Infinity }, prompt);
    this.#thoughtText = new ThoughtText(
      tokenizer,
      (thinking?.marks ?? []).map(({ close }) => close),
    );
  }

  /** How many tokens the model has made, with those of a stop text. */
  get count(): number {
    return this.#ids.length;
  }

  /** How many of them are a thought and its marks; null if the model has not thought. */
  get thoughtCount(): number | null {
    return this.#thought?.result?.tokens ?? null;
  }

  /** Whether a stop text has come. No more tokens are needed then. */
  get stopped(): boolean {
    return this.#answer?.stopped === true;
  }

  /** @returns what is certain now */
  push(token: NewToken): Piece {
    this.#ids.push(token.token);
    if (this.#thought === null) return this.#say([token]);
    const wasInThought = this.#thought.inThought;
    this.#thought.follow(this.#ids);
    if (this.#thought.inThought) {
      // The tokens so far were white space and the opening mark.
      if (!wasInThought) this.#undecided = [];
      return wasInThought ? thinks(this.#thoughtText.push(token.token)) : nothing;
    }
    if (wasInThought) return thinks(this.#thoughtText.close(token.token));
    this.#undecided.push(token);
    return this.#thought.mayBegin ? nothing : this.#say(this.#undecided.splice(0));
  }

  /** @returns the rest */
  end(): Piece {
    if (this.#thought?.inThought === true) return thinks(this.#thoughtText.end());
    const said = this.#say(this.#undecided.splice(0));
    const rest = this.#answer?.end();
    return rest === undefined ? said : joined(said, saysOf(rest));
  }

  #say(tokens: readonly NewToken[]): Piece {
    const { tokenizer, shower, stops } = this.#options;
    let piece = nothing;
    for (const { token, logProbabilities } of tokens) {
      if (this.stopped) break;
      this.#answer ??= new AnswerText(tokenizer, stops, this.thoughtCount !== null);
      const shown =
        logProbabilities === null
          ? null
          : shower.withLogProbabilities(token, this.#answer.isEmpty, logProbabilities);
      piece = joined(piece, saysOf(this.#answer.push(token, shown)));
    }
    return piece;
  }
}

const nothing: Piece = { text: "", reasoning: "", tokens: [] };
const thinks = (reasoning: string): Piece => ({ ...nothing, reasoning });

function saysOf({ text, tokens }: AnswerPiece<TokenLogProbability | null>): Piece {
  return { text, reasoning: "", tokens: tokens.filter((token) => token !== null) };
}

function joined(one: Piece, other: Piece): Piece {
  return {
    text: one.text + other.text,
    reasoning: one.reasoning + other.reasoning,
    tokens: [...one.tokens, ...other.tokens],
  };
}

/** A full context also cuts an answer off. */
export function finishOf(finish: Generation["finish"]): Finish {
  return finish === "stop" ? "stop" : "length";
}
