/** Shows tokens as OpenAI's interface does: a text, and the bytes that it has in the answer. */
import type { StepLogProbabilities } from "../../model/engine/generation.ts";
import { tokenBytes } from "../../model/text/token-bytes.ts";
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";

export interface ShownToken {
  token: string;
  bytes: number[];
}

/** One item of `logprobs.content`. */
export interface TokenLogProbability extends ShownToken {
  logprob: number;
  top_logprobs: (ShownToken & { logprob: number })[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class TokenShower {
  readonly #tokenizer: Tokenizer;
  readonly #shown = new Map<string, ShownToken>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** @param first whether it is the answer's first token */
  show(id: number, first: boolean): ShownToken {
    const key = `${id} ${first}`;
    let shown = this.#shown.get(key);
    if (shown === undefined) {
      const bytes = tokenBytes(this.#tokenizer, id, first);
      shown = { token: textOf(bytes), bytes: [...bytes] };
      this.#shown.set(key, shown);
    }
    return shown;
  }

  withLogProbabilities(
    id: number,
    first: boolean,
    { chosen, top }: StepLogProbabilities,
  ): TokenLogProbability {
    return {
      ...this.show(id, first),
      logprob: chosen,
      top_logprobs: top.map((one) => ({ ...this.show(one.id, first), logprob: one.logProbability })),
    };
  }
}

/** Bytes that are no whole text are spelled as OpenAI spells them: "bytes:\xe2\x80". */
function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}
