/** A finding, the unit of a report: a number together with its n, interval and control. */
import { z } from "zod";
import { aboutSchema } from "./about.ts";
import { measured } from "./fields/measured.ts";
import { idOf } from "./finding-id.ts";

const interval = z.tuple([measured, measured]);

const fieldsSchema = z.strictObject({
  id: z.string().min(1),
  about: aboutSchema,
  group: z.string().min(1),
  question: z.string().min(1),
  /** null if the status is "undetermined". */
  estimate: measured.nullable(),
  unit: z.string(),
  interval: interval.nullable(),
  /** Confidence level of the interval, e.g. 0.95. */
  level: measured,
  n: z.int().nonnegative(),
  method: z.string(),
  /** The null distribution or the matched set that the estimate is compared with. */
  control: z.strictObject({
    kind: z.string(),
    estimate: measured.nullable(),
    interval: interval.nullable(),
  }),
  status: z.enum(["found", "not found", "undetermined"]),
  /** The finding in words, as a report prints it. */
  sentence: z.string().min(1),
  /** Of a difference of two shares: both, the one that is subtracted last. */
  sides: z
    .tuple([
      z.strictObject({ what: z.string().min(1), estimate: measured }),
      z.strictObject({ what: z.string().min(1), estimate: measured }),
    ])
    .optional(),
  /** Only of headlines. positive: found is the good answer, not found the bad one. negative: the other way round. */
  polarity: z.enum(["positive", "negative"]).optional(),
  /** How the hierarchy of primary questions decided it. Left out where a finding is not part of the hierarchy. */
  primary: z
    .strictObject({
      family: z.enum(["refusing", "surviving", "inside"]),
      p: measured,
      /** Corrected by Holm over the tests of the family. */
      adjusted: measured,
      tests: z.int().positive(),
    })
    .optional(),
  /** Only of undetermined headlines: about how many more units would decide it with 80% power, if the numbers stay as they are. */
  settled_by: z.strictObject({ more: z.int().positive(), of: z.string().min(1) }).optional(),
});

export const findingSchema = fieldsSchema.refine(({ id, about }) => id === idOf(about), {
  path: ["id"],
  error: "the id that belongs to its about",
});
export type Finding = z.infer<typeof findingSchema>;

/** A finding in a run of format 1, which has no `about`. */
export const olderFindingSchema = fieldsSchema.omit({ about: true });
export type OlderFinding = z.infer<typeof olderFindingSchema>;
