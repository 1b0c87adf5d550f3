/** How far a model in 8 or 4 bits is from the same model in fp32, on a sample of the run's prompts. The manifest keeps it. */
import { z } from "zod";
import { measured } from "./fields/measured.ts";

const share = z.number().min(0).max(1);

export const fidelitySchema = z.strictObject({
  /** Prompts in the sample. Both models read the same answers, which the fp32 model gave. */
  prompts: z.int().positive(),
  /** Next-token distributions that were compared. */
  tokens: z.int().positive(),
  /** KL(fp32 ‖ rounded) over the tokens, nats. */
  kl: z.strictObject({
    mean: measured.nonnegative(),
    /** Interval of the mean at `level`; null for too few prompts. */
    interval: z.tuple([measured, measured]).nullable(),
    p95: measured.nonnegative(),
  }),
  /** Share of the tokens at which both models have the same most probable next token. */
  top1: z.strictObject({ share, interval: z.tuple([share, share]) }),
  level: measured,
});
export type Fidelity = z.infer<typeof fidelitySchema>;
