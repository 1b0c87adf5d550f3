/** Everything a quality report of an SAE shows, as one record: the page is made from this, and programs read it as it is. */
import { z } from "zod";
import { contrastiveVerdictSchema } from "./contrastive-verdict.ts";
import { findingSchema } from "./finding.ts";
import { identitySchema } from "./report.ts";

const index = z.int().nonnegative();

/** How many things lie in [from, to); in the last bin `to` counts as well. */
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
  /** Whether it is one of the strongest, or drawn from all tokens on which the feature is active. */
  kind: z.enum(["strongest", "drawn"]),
  /** Id of the text; place of the token in it, from 0; the text's length in tokens. */
  text: z.string(),
  position: index,
  of: z.int().positive(),
  /** The token's norm is above so many times the median that it is in no figure called ordinary. */
  massive: z.boolean(),
  /** Joined they are the text; "" is bytes of a character that a later token ends. */
  tokens: z.array(z.string()),
  /** Place in `tokens` of the token that the context is about. */
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
  /** Tokens on which it is active, and their share. */
  tokens: index,
  share: z.number(),
  /** Of its activations: the largest, and the mean over those tokens; null where it is never active. */
  max: z.number().nullable(),
  mean: z.number().nullable(),
  /** The feature whose decoder row points most nearly the same way; null where that was not looked for. */
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
  /** What a reader has to know of how the model's files were read, a sentence each. */
  notes: z.array(z.string().min(1)),
  /** What the measurements are over. */
  read: z.strictObject({
    source: z.string(),
    texts: z.int().positive(),
    tokens: z.int().positive(),
    massive: index,
  }),
  gate: z.strictObject({
    passed: z.boolean(),
    /** It is closed, and whoever made the report said that this is to be overlooked. */
    allowed_to_fail: z.boolean(),
    checks: z.array(gateCheckSchema),
    mistake: z.string().nullable(),
    notes: z.array(z.string()),
  }),
  findings: z.array(findingSchema),
  /** Tokens that are not massive by their number of active features. */
  l0: z.array(binSchema),
  density: z.strictObject({
    /** Features by log10 of the share of tokens on which they are active; without those that never are. */
    bins: z.array(binSchema),
    never: index,
    /** Active on more than `dense_above` of the tokens. */
    dense: index,
    dense_above: z.number(),
  }),
  redundancy: z.strictObject({
    /** Features by the cosine of their decoder row with the nearest other. */
    bins: z.array(binSchema),
    pairs: z.array(z.strictObject({ features: z.tuple([index, index]), cosine: z.number() })),
    /** Features that a nearest one was looked for, of those that have a direction. */
    measured: index,
    of: index,
  }),
  /** How the training went; null where the SAE does not say. */
  curve: z
    .array(
      z.strictObject({
        step: index,
        unexplained: z.number(),
        meanL0: z.number(),
        dead: index,
        /** What the loss held beside the reconstruction at this step, by name, before its weight. */
        terms: z.record(z.string(), z.number()).default({}),
      }),
    )
    .nullable(),
  /** What the contrastive term of its training did; null where it had none, or the SAE does not say. */
  contrastive: contrastiveVerdictSchema.nullable(),
  features: z.strictObject({
    /** Features that were active at all. */
    active: index,
    /** Which are listed, and which contexts: whole sentences. */
    chosen: z.string(),
    contexts: z.string(),
    /** What the logit effects are; null where there are none. */
    logits: z.string().nullable(),
    list: z.array(featureSchema),
  }),
  not_measured: z.array(z.string().min(1)),
});
export type SaeReport = z.infer<typeof saeReportSchema>;
