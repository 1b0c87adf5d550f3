/**
 * A category of SAE features as data: the two sides whose answers its features must tell apart, and the most features it may
 * have. The chosen features differ from SAE to SAE; the catalog (catalog.ts) holds them.
 */
import { z } from "zod";
import { reads } from "./fields/written.ts";
import { type Prompt, promptSchema, tiers } from "./prompt.ts";
import { type Outcome, outcomes } from "./verdict.ts";
import { tierWords } from "./words.ts";

/** One value, or a list of which one must match. */
const anyOf = <T extends z.ZodType>(value: T) =>
  reads(
    z.preprocess((given) => (Array.isArray(given) ? (given as unknown[]) : [given]), z.array(value).min(1)),
    z.union([value, z.array(value).min(1)]),
  ).optional();

/**
 * The conditions of a side, by the field names of prompts and verdicts. An answer is on the side when all stated conditions
 * hold.
 */
const sideSchema = z
  .strictObject({
    tier: anyOf(z.enum(tiers)).describe("The prompt's tier is this one, or one of these."),
    panel: anyOf(promptSchema.shape.panel).describe("The prompt's panel is this one, or one of these."),
    framing: anyOf(promptSchema.shape.framing).describe("The prompt's framing is this one, or one of these."),
    category: anyOf(promptSchema.shape.category).describe(
      "The prompt's category is this one, or one of these.",
    ),
    outcome: anyOf(z.enum(outcomes)).describe("The answer was judged to be this, or one of these."),
  })
  .refine((side) => Object.values(side).some((values) => values !== undefined), {
    error: "at least one of tier, panel, framing, category, outcome",
  })
  .meta({ minProperties: 1 });
export type Side = z.infer<typeof sideSchema>;

export const categorySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, { error: "a name of a-z, 0-9 and _" })
      .describe("The category's name: a-z, 0-9 and _, each name once in a list."),
    has: sideSchema.describe("The answers that have the category's content. Everything stated must hold."),
    lacks: sideSchema.describe(
      "The answers without it. Some field must be stated here and in has with no value in common, so that no answer is on both sides.",
    ),
    features: z.int().positive().describe("The most features that the category may hold."),
    least_effect: z
      .number()
      .nonnegative()
      .describe("The least Cohen's d, from lacks to has, that a feature must have to be chosen."),
  })
  .refine(({ has, lacks }) => areApart(has, lacks), {
    path: ["lacks"],
    error: "a side that no answer of the other is on: some field with other values than has gives it",
  });
export type CategoryDefinition = z.infer<typeof categorySchema>;

/** A list of at least two categories. D compares directions, and one category alone has only one direction. */
export const listOfCategories = (entry: z.ZodType<CategoryDefinition>) =>
  z
    .array(entry)
    .min(2, { error: "at least two categories" })
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
      error: "each category's name once",
    });
export const categoriesSchema = listOfCategories(categorySchema);

const fields = ["tier", "panel", "framing", "category", "outcome"] as const;

function areApart(has: Side, lacks: Side): boolean {
  return fields.some((field) => {
    const [a, b] = [has[field], lacks[field]] as (readonly string[] | undefined)[];
    return a !== undefined && b !== undefined && !a.some((value) => b.includes(value));
  });
}

/** Whether some answer to the prompt can be on the side. The outcome is not looked at. */
export function takesPrompt(side: Side, prompt: Prompt): boolean {
  return fields.every(
    (field) =>
      field === "outcome" ||
      side[field] === undefined ||
      (side[field] as readonly string[]).includes(prompt[field]),
  );
}

export function takesAnswer(side: Side, prompt: Prompt, outcome: Outcome): boolean {
  return takesPrompt(side, prompt) && (side.outcome === undefined || side.outcome.includes(outcome));
}

/** A side in words: "answers judged refuse to main-panel benign prompts". */
export function sideWords({ tier, panel, framing, category, outcome }: Side): string {
  const or = (values: readonly string[]) => values.join(" or ");
  const kinds = [
    ...(panel === undefined ? [] : [`${or(panel)}-panel`]),
    ...(tier === undefined ? [] : [or(tier.map((name) => tierWords[name].toLowerCase()))]),
    ...(framing === undefined ? [] : [`${or(framing)}-framed`]),
  ];
  const prompts = `${[...kinds, "prompts"].join(" ")}${category === undefined ? "" : ` about ${or(category)}`}`;
  if (outcome === undefined) return prompts;
  return `answers judged ${or(outcome)}${prompts === "prompts" ? "" : ` to ${prompts}`}`;
}

export const contrastWords = ({ has, lacks }: CategoryDefinition): string =>
  `${sideWords(has)} against ${sideWords(lacks)}`;
