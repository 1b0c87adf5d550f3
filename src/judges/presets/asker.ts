/** What a language model that judges is asked, and what it replies. The model itself is handed in by the caller. */
import type { Message } from "../../core/records/prompt.ts";

/** A piece of a prompt that is given as text, without a chat template. */
export interface Piece {
  text: string;
  /** Whether the format wrote it. Otherwise it is audited text, in which nothing may become a special token. */
  own: boolean;
}

export interface Asked {
  /** Turns for the chat template of the judge's own model, or a text that is the whole prompt. */
  prompt: { kind: "turns"; messages: Message[] } | { kind: "text"; pieces: Piece[] };
  maxTokens: number;
  /** Ask for the log-probabilities of the reply's first token, if they can be had. */
  logprobs: boolean;
}

export interface Candidate {
  token: string;
  logprob: number;
}

export type Reply =
  | {
      kind: "said";
      text: string;
      /** The most probable first tokens of the reply; null where the model's server does not give them. */
      first: readonly Candidate[] | null;
    }
  /** The model gave no reply to this one prompt, and would not give one later either. `why` ends a sentence. */
  | { kind: "nothing"; why: string };

/** A language model that can be asked. */
export interface Asker {
  /** Which model: a checkpoint's name and hash, or an endpoint's address and the model's name there. */
  readonly identity: string;
  /** @throws FathomError if the model cannot be asked at all: down, out of budget, a wrong key */
  ask(asked: Asked, signal: AbortSignal): Promise<Reply>;
}
