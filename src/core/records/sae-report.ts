/** Everything that the quality report of an SAE shows, as one record. The page is made from it, and programs can read it. */
import { z } from "zod";
import { contrastiveVerdictSchema } from "./contrastive-verdict.ts";
import { findingSchema } from "./finding.ts";
import { identitySchema } from "./report.ts";

const index = z.int().nonnegative();

/** A bin of a histogram: how many values lie in [from, to). The last bin includes `to`. */
const binSchema = z.strictObject({ from: z.number(), to: z.number(), count: index });
export type Bin = z.infer<typeof binSchema>;

const gateCheckSchema = z.strictObject({
  name: z.string(),
  status: z.enum(["pass", "fail", "undetermined"]),
  found: z.union([z.number(), z.string()]),
  bound: z
    .strictObject({ least: z.number().nullable(), most: z.number().nullable(), from: z.string() })
    .nullable(),
  sentence: z.string(),
});

const contextSchema = z.strictObject({
  /** strongest: one of the strongest tokens. drawn: drawn at random from all tokens on which the feature is active. */
  kind: z.enum(["strongest", "drawn"]),
  /** Id of the text; position of the token in it, from 0; length of the text in tokens. */
  text: z.string(),
  position: index,
  of: z.int().positive(),
  /** Whether the token's norm is so far above the median that figures over ordinary tokens leave it out. */
  massive: z.boolean(),
  /** Joined, they are the text. "" stands for bytes of a character that a later token completes. */
  tokens: z.array(z.string()),
  /** Index in `tokens` of the token that the context is about. */
  at: index,
  /** The feature's activation on each of `tokens`. */
  activations: z.array(z.number()),
});
export type SaeContext = z.infer<typeof contextSchema>;

const effectSchema = z.strictObject({ id: index, token: z.string(), effect: z.number() });
export type LogitEffect = z.infer<typeof effectSchema>;

const featureSchema = z.strictObject({
  /** Index in the SAE. */
  feature: index,
  /** How many tokens the feature is active on, and their share of all. */
  tokens: index,
  share: z.number(),
  /** The largest activation, and the mean over the tokens on which it is active; null where it is never active. */
  max: z.number().nullable(),
  mean: z.number().nullable(),
  /** The feature with the nearest decoder row by cosine; null where that was not computed. */
  nearest: z.strictObject({ feature: index, cosine: z.number() }).nullable(),
  contexts: z.array(contextSchema),
  /** Tokens whose logits its decoder row raises and lowers most; null where that was not computed. */
  logits: z.strictObject({ raised: z.array(effectSchema), lowered: z.array(effectSchema) }).nullable(),
  neuronpedia: z.strictObject({ id: z.string(), link: z.string() }).nullable(),
});
export type SaeFeature = z.infer<typeof featureSchema>;

export const saeReportSchema = z.strictObject({
  schema: z.literal(1),
  kind: z.literal("sae"),
  title: z.string().min(1),
  identities: z.array(identitySchema),
  sae: z.strictObject({
    kind: z.string(),
    d_in: z.int().positive(),
    d_sae: z.int().positive(),
    k: z.int().positive().nullable(),
    layer: index,
  }),
  model: z.string(),
  /** Sentences that a reader must know about how the model's files were read. */
  notes: z.array(z.string().min(1)),
  /** The texts and tokens that the measurements are over. */
  read: z.strictObject({
    source: z.string(),
    texts: z.int().positive(),
    tokens: z.int().positive(),
    massive: index,
  }),
  gate: z.strictObject({
    passed: z.boolean(),
    /** The gate failed, and --allow-failed let the report be made. */
    allowed_to_fail: z.boolean(),
    checks: z.array(gateCheckSchema),
    mistake: z.string().nullable(),
    notes: z.array(z.string()),
  }),
  findings: z.array(findingSchema),
  /** Histogram of the number of active features per token, without massive tokens. */
  l0: z.array(binSchema),
  density: z.strictObject({
    /** Features by log10 of the share of tokens on which they are active. Features that are never active are not in it. */
    bins: z.array(binSchema),
    never: index,
    /** Features that are active on more than `dense_above` of the tokens. */
    dense: index,
    dense_above: z.number(),
  }),
  redundancy: z.strictObject({
    /** Features by the cosine of their decoder row with the nearest other row. */
    bins: z.array(binSchema),
    pairs: z.array(z.strictObject({ features: z.tuple([index, index]), cosine: z.number() })),
    /** How many features a nearest one was computed for, and how many have a direction at all. */
    measured: index,
    of: index,
  }),
  /** The training curve; null where the SAE's file has none. */
  curve: z
    .array(
      z.strictObject({
        step: index,
        unexplained: z.number(),
        meanL0: z.number(),
        dead: index,
        /** The other terms of the loss at this step, by name, before they are weighted. */
        terms: z.record(z.string(), z.number()).default({}),
      }),
    )
    .nullable(),
  /** The verdict on the contrastive term of the training; null where the training had none, or the file does not say. */
  contrastive: contrastiveVerdictSchema.nullable(),
  features: z.strictObject({
    /** Features that were active on at least one token. */
    active: index,
    /** Sentences that say which features are listed, and which contexts. */
    chosen: z.string(),
    contexts: z.string(),
    /** A sentence that says what the logit effects are; null where there are none. */
    logits: z.string().nullable(),
    list: z.array(featureSchema),
  }),
  not_measured: z.array(z.string().min(1)),
});
export type SaeReport = z.infer<typeof saeReportSchema>;
