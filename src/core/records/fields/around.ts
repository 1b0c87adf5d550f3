/** The tokens around a token on which a feature is active. */
import { z } from "zod";
import { measured } from "./measured.ts";

export const aroundSchema = z.strictObject({
  /** Index in `tokens` of the token that it is about. */
  at: z.int().nonnegative(),
  /** Joined, they are the text. "" stands for bytes of a character that a later token completes. */
  tokens: z.array(z.string()),
  /** The feature's activation on each of `tokens`. */
  activations: z.array(measured),
});
