/** The features that an anatomy shows, and where they are active. */
import { z } from "zod";
import { aroundSchema } from "../fields/around.ts";
import { measured } from "../fields/measured.ts";
import { count, estimateSchema, featureSchema, text } from "./parts.ts";

/** `template`: what the chat template writes around the turns. `response`: the answer, behind the prompt. */
export const tokenRoles = ["bos", "system", "user", "template", "response"] as const;
export type TokenRole = (typeof tokenRoles)[number];

/** How a feature fires on the tokens of one role; means over prompts. */
const roleSchema = z.strictObject({
  role: z.enum(tokenRoles),
  tokens: count.describe("Tokens of this role in the prompts that were read."),
  active: estimateSchema.describe("Share of a prompt's tokens of this role on which it is active."),
  mean: estimateSchema.describe("Mean activation over a prompt's tokens of this role."),
});

export const shownFeatureSchema = z.strictObject({
  ...featureSchema.shape,
  effect: estimateSchema.describe(
    "How much the refusal score of fit prompts falls when it is ablated, in log-odds, while the earlier rounds and the other features of its set are ablated and everything still silent is held silent.",
  ),
  active_on: z
    .strictObject({ harmful: count, harmless: count })
    .describe("Fit prompts of each side on which it is active in the clean run."),
  roles: z
    .array(roleSchema)
    .describe(
      "Where it fires in harmful fit prompts and the first tokens of their clean answers, with the rounds before its own ablated.",
    ),
  contexts: z
    .array(
      z.strictObject({
        prompt: text.describe("Id of a fit prompt. No answer is in a context."),
        side: z.enum(["harmful", "harmless"]),
        rounds: count.describe("Rounds that were ablated when it was read; 0: the clean run."),
        position: count.describe("Of the token in the prompt, from 0."),
        of: z.int().positive().describe("Tokens of the prompt."),
        activation: measured,
        around: aroundSchema,
      }),
    )
    .describe("Tokens of fit prompts on which it is strongest, at most one per prompt, strongest first."),
});
