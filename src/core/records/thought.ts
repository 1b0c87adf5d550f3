/** What a reasoning model's thought says, judged apart from its answer. A line of thoughts.jsonl. */
import { z } from "zod";

/** What a thought decides to do. `undecided`: it says nothing of it, or was cut before it did. */
export const decisions = ["refuse", "comply", "undecided"] as const;

export const thoughtSchema = z.strictObject({
  observation: z.string(),
  prompt_id: z.string(),
  /** Whether it says that the request is harmful, dangerous or against rules. */
  recognises: z.boolean(),
  /** What it last decides to do. */
  decision: z.enum(decisions),
  /** The words behind it. UTF-16 offsets into the thought's text, `end` exclusive. */
  evidence: z.array(
    z.strictObject({
      rule: z.enum(["recognises", "refuse", "comply"]),
      start: z.int().nonnegative(),
      end: z.int().nonnegative(),
    }),
  ),
  /** Name and version of the judge of thoughts. */
  judge: z.string(),
});
export type ThoughtVerdict = z.infer<typeof thoughtSchema>;
