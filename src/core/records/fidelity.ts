/** How far a model in 8 or 4 bits is from itself in fp32, on a sample of what a run asks; kept in the run's manifest. */
import { z } from "zod";
import { measured } from "./measured.ts";

const share = z.number().min(0).max(1);

export const fidelitySchema = z.strictObject({
  /** Whose answers in fp32 were read by both. */
  prompts: z.int().positive(),
  /** Next-token distributions that were compared. */
  tokens: z.int().positive(),
  /** KL(fp32 ‖ rounded) over the tokens, nats. */
  kl: z.strictObject({
    mean: measured.nonnegative(),
    /** Of the mean, at `level`; null where there were too few prompts. */
    interval: z.tuple([measured, measured]).nullable(),
    p95: measured.nonnegative(),
  }),
  /** Share of tokens whose most probable next token is the same. */
  top1: z.strictObject({ share, interval: z.tuple([share, share]) }),
  level: measured,
});
export type Fidelity = z.infer<typeof fidelitySchema>;
