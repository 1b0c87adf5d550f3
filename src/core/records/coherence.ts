/** How an answer is written, whatever it does. It is judged apart from the outcome: an answer may comply and then loop. */
import { z } from "zod";

export const coherenceKinds = ["fine", "loops", "noise"] as const;

export const coherenceSchema = z.strictObject({
  /** fine: sound as text. loops: repeats itself. noise: words, letters or symbols without a sentence. */
  kind: z.enum(coherenceKinds),
  /** UTF-16 offset in the judged text at which the broken part begins; null if `kind` is "fine". */
  from: z.int().nonnegative().nullable(),
});
export type Coherence = z.infer<typeof coherenceSchema>;
