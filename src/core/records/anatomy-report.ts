/** Everything that the report of an anatomy shows, as one record. The page, the Markdown and the summary are made from it only. */
import { z } from "zod";
import { anatomySchema } from "./anatomy.ts";
import { findingSchema } from "./finding.ts";
import { identitySchema } from "./report.ts";

export const anatomyReportSchema = z.strictObject({
  schema: z.literal(1),
  kind: z.literal("anatomy"),
  title: z.string().min(1),
  /** Sentences that a reader must know about how the model's files were read. */
  notes: z.array(z.string().min(1)),
  identities: z.array(identitySchema),
  /** The last part that was asked for; each includes the ones before it. */
  only: z.enum(["direction", "minimal", "backups"]),
  /** Blocks of the model. */
  blocks: z.int().positive(),
  /** The command without --sae, --only and --out, from which a reader can make one that measures more. */
  command: z.string().min(1),
  /** Matched pairs of prompts in each part. */
  pairs: z.strictObject({
    fit: z.int().nonnegative(),
    validate: z.int().nonnegative(),
    test: z.int().nonnegative(),
  }),
  anatomy: anatomySchema,
  findings: z.array(findingSchema),
  /** What is printed of prompts and answers. */
  redaction: z.string().min(1),
  /** Sentences that say what a reader might expect and does not get. */
  not_measured: z.array(z.string().min(1)),
});
export type AnatomyReport = z.infer<typeof anatomyReportSchema>;
