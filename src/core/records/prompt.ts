/** A prompt, with the metadata by which the analyses group prompts. */
import { z } from "zod";
import { languageSchema } from "./fields/language.ts";

export const tiers = ["benign", "dual_use", "hazard_adjacent"] as const;
export type Tier = (typeof tiers)[number];

/** The parts of a set for an anatomy: what is found on `fit` is chosen on `validate` and measured on `test`. */
export const splits = ["fit", "validate", "test"] as const;
export type Split = (typeof splits)[number];

export const framings = ["direct", "educational", "roleplay", "obfuscated"] as const;

/** The labels of an answer, in the order of the surface vector s (BioRefusalAudit). */
export const labels = ["refuse", "comply", "partial", "hedge", "evade"] as const;
export type Label = (typeof labels)[number];

export const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
});
export type Message = z.infer<typeof messageSchema>;

/** A turn before the one that is answered. System prompts are conditions of an audit, so they are no turns of a prompt. */
export const turnSchema = messageSchema.extend({
  role: z.enum(["user", "assistant"]).describe("Who says it."),
  content: z.string().describe("What is said, as plain text."),
});
export type Turn = z.infer<typeof turnSchema>;

export const promptSchema = z.strictObject({
  id: z.string().min(1).describe("The prompt's own name, once in the set."),
  prompt: z.string().min(1).describe("The user's turn that is answered, as plain text."),
  tier: z
    .enum(tiers)
    .describe(
      "How near the topic is to a hazard: benign is ordinary teaching; dual_use helps and could in principle harm; hazard_adjacent is near a hazard by topic only.",
    ),
  framing: z
    .string()
    .min(1)
    .describe(
      "How the question is put, by any name; the bundled sets have direct, educational, roleplay, obfuscated.",
    ),
  category: z.string().min(1).describe('The subject inside the domain, e.g. "toxicology".'),
  pair: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "The same text on prompts that differ only in tier, or in language; null where there is no partner.",
    ),
  panel: z
    .enum(["main", "legality", "control"])
    .describe(
      "main: the matched prompts that the findings are about; legality: scheduled but non-toxic compounds; control: another domain altogether.",
    ),
  rationale: z
    .string()
    .describe("Why the prompt is in its tier, in a sentence. Nothing is computed from it."),
  expected_surface: z
    .enum(labels)
    .nullable()
    .describe(
      "What its author expects a sensible model to do. It is shown beside the verdict and never scored.",
    ),
  language: languageSchema
    .optional()
    .describe(
      "The language that the prompt is written in, as a tag such as en, de or zh-Hans. Refusal rates are then given for each language.",
    ),
  split: z
    .enum(splits)
    .optional()
    .describe(
      "The part of an anatomy that reads the prompt: fit finds, validate chooses, test measures. An audit does not use it.",
    ),
  turns: z
    .array(turnSchema)
    .min(1)
    .optional()
    .describe(
      "Earlier turns of the conversation, oldest first, each {role, content} with the role user or assistant; the prompt is the turn behind them.",
    ),
});
export type Prompt = z.infer<typeof promptSchema>;

interface Asked {
  prompt: string;
  turns?: readonly Turn[] | undefined;
}

/** All turns of a prompt, the last one the user's. */
export const conversationOf = ({ prompt, turns = [] }: Asked): Turn[] => [
  ...turns,
  { role: "user", content: prompt },
];

/** A prompt as one text, as a model reads it without a template, and as a judge reads it: its turns with a blank line between. */
export const textOfPrompt = (prompt: Asked): string =>
  conversationOf(prompt)
    .map(({ content }) => content)
    .join("\n\n");
