/** How far apart the next-token distributions of two models are that read the same tokens. */
import { z } from "zod";
import { measured } from "./fields/measured.ts";
import { conditionSchema } from "./observation.ts";
import { tiers } from "./prompt.ts";

const share = z.number().min(0).max(1);

/** A model in 8 or 4 bits against itself in fp32, on a sample of the run's prompts. The manifest keeps it. */
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

/** One answer of the audited model, read by it and by another checkpoint (`--kl-to`): a line of kl.jsonl. */
export const klRecordSchema = z
  .strictObject({
    observation: z.string().min(1),
    /** Hash of the other checkpoint and the precision of both. Lines of another one do not count. */
    other: z.string().min(1),
    /** KL(audited ‖ other) of the distribution from which each of the answer's first tokens came [tokens], nats. */
    kl: z.array(measured.nonnegative()).min(1),
    /** Whether both have the same most probable token there [tokens]. */
    agrees: z.array(z.boolean()),
  })
  .refine(({ kl, agrees }) => kl.length === agrees.length, "as many kl as agrees");
export type KlRecord = z.infer<typeof klRecordSchema>;

/** Mean KL by the place of the token in the answer, over the answers to a tier's prompts under a template. */
export const klCurveSchema = z.strictObject({
  template: conditionSchema.shape.template,
  tier: z.enum(tiers),
  /** Rising. Tokens are counted from 1; `to` is included. */
  points: z.array(
    z.strictObject({
      from: z.int().positive(),
      to: z.int().positive(),
      mean: measured.nonnegative(),
      interval: z.tuple([measured, measured]).nullable(),
      /** Answers with a token there. */
      n: z.int().positive(),
    }),
  ),
});
export type KlCurve = z.infer<typeof klCurveSchema>;
