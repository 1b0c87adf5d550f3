/** Reads the categories of a plan: the published five, a file's, or the plan's own. Unknown names and keys are refused. */
import { z } from "zod";
import { featuresPerCategory, smallestEffect } from "../../../audit/common/choices.ts";
import { published, publishedCategories } from "../../../audit/features/published-categories.ts";
import { badInput } from "../../../core/errors.ts";
import { canonicalJson } from "../../../core/hash.ts";
import {
  type CategoryDefinition,
  categorySchema,
  listOfCategories,
  type Side,
  sideWords,
  takesPrompt,
} from "../../../core/records/category.ts";
import type { Prompt } from "../../../core/records/prompt.ts";
import { parseYaml, readYaml, type YamlFile } from "../../../files/yaml/yaml.ts";

const publishedNames = publishedCategories.map(({ name }) => name);

/**
 * An entry as a person writes it: the name of a published category, or a definition. `features` and `least_effect` may be left
 * out.
 */
const entrySchema = z.preprocess((given, context) => {
  if (typeof given !== "string") return withSize(given);
  const known = publishedCategories.find(({ name }) => name === given);
  if (known !== undefined) return known;
  context.addIssue({
    code: "custom",
    message: `a published category (${publishedNames.join(", ")}) or a definition`,
  });
  return z.NEVER;
}, categorySchema);

const entriesSchema = listOfCategories(entrySchema);

const { shape } = categorySchema;

/** The list as a person may write it, for the plan's JSON Schema. It cannot say that no answer may be on both sides. */
export const writtenCategories = z
  .array(
    z.union([
      z.enum(publishedNames).describe("One of the published five, by its name."),
      z.strictObject({
        ...shape,
        features: shape.features.default(featuresPerCategory),
        least_effect: shape.least_effect.default(smallestEffect),
      }),
    ]),
  )
  .min(2);

function withSize(given: unknown): unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  return { features: featuresPerCategory, least_effect: smallestEffect, ...given };
}

const keys = {
  what: "a key of a category",
  hint: "name, has, lacks, features, least_effect; a side has tier, panel, framing, category, outcome",
};

/** Parses the list of categories at the key `within` of a file. @throws FathomError with line and key */
export function parseCategories(file: YamlFile, within: readonly string[]): CategoryDefinition[] {
  return parseYaml(file, entriesSchema, within, keys);
}

/** @param name "published", or a YAML or JSON file whose only key is `categories` @throws FathomError */
export function namedCategories(name: string): readonly CategoryDefinition[] {
  if (name === published) return publishedCategories;
  const file = readYaml(name, `categories in YAML or JSON, or "${published}"`);
  parseYaml(file, z.strictObject({ categories: z.unknown().optional() }), [], {
    what: "the key categories and no other",
    hint: "categories: a list of names and definitions",
  });
  return parseCategories(file, ["categories"]);
}

/**
 * Requires that some prompt can be on each side. A side without prompts would leave its category out of every run. The
 * published five are not checked: they are used with any set, and the report names those that are left out.
 * @throws FathomError naming the category and the side
 */
export function requireDefined(
  categories: readonly CategoryDefinition[],
  prompts: readonly Prompt[],
  set: string,
): void {
  if (canonicalJson([...categories]) === canonicalJson([...publishedCategories])) return;
  for (const { name, has, lacks } of categories)
    for (const [word, side] of Object.entries({ has, lacks }))
      if (!prompts.some((prompt) => takesPrompt(side, prompt)))
        throw badInput(
          `category ${name}, ${word}`,
          sideWords(promptsOf(side)),
          `none in ${set}`,
          known(side, prompts),
        );
}

const promptsOf = ({ outcome: _outcome, ...side }: Side): Side => side;

/** The values of the prompts in the fields that the side states. */
function known(side: Side, prompts: readonly Prompt[]): string {
  return (["tier", "panel", "framing", "category"] as const)
    .filter((field) => side[field] !== undefined)
    .map((field) => `its ${field}: ${[...new Set(prompts.map((prompt) => prompt[field]))].join(", ")}`)
    .join("; ");
}
