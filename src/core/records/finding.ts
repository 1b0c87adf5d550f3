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
});

export const findingSchema = fieldsSchema.refine(({ id, about }) => id === idOf(about), {
  path: ["id"],
  error: "the id that belongs to its about",
});
export type Finding = z.infer<typeof findingSchema>;

/** A finding in a run of format 1, which has no `about`. */
export const olderFindingSchema = fieldsSchema.omit({ about: true });
export type OlderFinding = z.infer<typeof olderFindingSchema>;
