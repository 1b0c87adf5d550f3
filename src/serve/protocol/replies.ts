/** What the server answers, in the shapes of OpenAI's interface: whole, or in chunks. */
import type { Finish, Piece } from "../rows/answer.ts";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  completion_tokens_details?: { reasoning_tokens: number };
}

/** @param thought how many of the answer's tokens are a thought; null without one */
export function usageOf(prompt: number, completion: number, thought: number | null): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(thought === null ? {} : { completion_tokens_details: { reasoning_tokens: thought } }),
  };
}

/** The members that every object of one answer has. */
export interface Head {
  id: string;
  created: number;
  model: string;
  system_fingerprint: string;
}

export interface Whole extends Piece {
  finish: Finish;
  usage: Usage;
}

/** How one endpoint writes its answers. */
export interface Shape {
  whole(answer: Whole): object;
  /** The first chunk; null when the endpoint has none. */
  opening: object | null;
  /** null for a piece with nothing in it. */
  chunk(piece: Piece): object | null;
  last(finish: Finish): object;
  usage(usage: Usage): object;
}

export interface ShapeOptions {
  head: Head;
  /** Whether log probabilities are wanted. */
  tokens: boolean;
  /** Whether the chunks end with one about the usage. The others then have a usage of null. */
  withUsage: boolean;
}
