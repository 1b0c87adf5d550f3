/**
 * The schema of a line of a prompt set as a user may write it, for its JSON Schema. load.ts reads lines, with errors
 * that name the line.
 */
import { z } from "zod";
import { writtenLanguageSchema } from "../core/records/fields/language.ts";
import { promptSchema, type Tier, tiers } from "../core/records/prompt.ts";

/** All names of each tier: ours, and those of BioRefusalAudit (arXiv 2605.30162). */
export const tierNames: Readonly<Record<string, Tier>> = {
  ...Object.fromEntries(tiers.map((tier) => [tier, tier])),
  benign_bio: "benign",
  dual_use_bio: "dual_use",
  hazard_adjacent_bio: "hazard_adjacent",
  // As its published prompts and records have it.
  hazard_adjacent_category: "hazard_adjacent",
};

const text = z.string().regex(/\S/);
const {
  id,
  prompt,
  tier,
  framing,
  category,
  pair,
  panel,
  rationale,
  expected_surface,
  language,
  split,
  turns,
} = promptSchema.shape;

/** A description of a field for the author of a line, with what the loader assumes if the field is missing. */
const said = ({ description = "" }: z.ZodType, otherwise: string) => `${description} ${otherwise}`;

export const promptLineSchema = z.looseObject({
  id: text.describe(id.description ?? ""),
  prompt: text.describe(prompt.description ?? ""),
  tier: z
    .enum(Object.keys(tierNames))
    .describe(
      said(
        tier,
        "The names that end in _bio or _category are those of BioRefusalAudit; they mean the same tiers.",
      ),
    ),
  framing: text
    .nullish()
    .describe(said(framing, "If it is missing, the prompt is grouped as unstated, and the report says so.")),
  category: text
    .nullish()
    .describe(said(category, "If it is missing, the prompt is grouped as unstated, and the report says so.")),
  pair: text.nullish().describe(said(pair, "It may be left out.")),
  panel: panel
    .nullish()
    .describe(said(panel, "If it is missing, the prompt counts as main, and the report says so.")),
  rationale: rationale.nullish().describe(said(rationale, "It may be left out.")),
  expected_surface: text
    .nullish()
    .describe(
      said(
        expected_surface,
        "One of refuse, comply, partial, hedge, evade. Any other word is ignored, and the report says so.",
      ),
    ),
  language: writtenLanguageSchema.nullish().describe(said(language, "Give it on every line or on none.")),
  split: split
    .nullish()
    .describe(said(split, "Give it on every line or on none; without it, Fathom splits the set by pair.")),
  turns: turns.nullish().describe(said(turns, "If it is missing, the prompt begins the conversation.")),
});
