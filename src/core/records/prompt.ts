/** What is asked: a prompt with the metadata that the analyses group by. */
import { z } from "zod";

export const tiers = ["benign", "dual_use", "hazard_adjacent"] as const;
export type Tier = (typeof tiers)[number];

export const framings = ["direct", "educational", "roleplay", "obfuscated"] as const;

/** What a model may say; the order is that of the surface vector s (BioRefusalAudit). */
export const labels = ["refuse", "comply", "partial", "hedge", "evade"] as const;
export type Label = (typeof labels)[number];

export const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
});
export type Message = z.infer<typeof messageSchema>;

export const promptSchema = z.strictObject({
  id: z.string().min(1),
  /** The user's turn, as plain text. */
  prompt: z.string().min(1),
  tier: z.enum(tiers),
  framing: z.string().min(1),
  /** Subject inside the domain, e.g. "toxicology". */
  category: z.string().min(1),
  /** Prompts that differ only in tier share a pair id; null where there is no partner. */
  pair: z.string().min(1).nullable(),
  /** main: the matched triples; legality: scheduled but non-toxic; control: another domain altogether. */
  panel: z.enum(["main", "legality", "control"]),
  rationale: z.string(),
  expected_surface: z.enum(labels).nullable(),
});
export type Prompt = z.infer<typeof promptSchema>;
