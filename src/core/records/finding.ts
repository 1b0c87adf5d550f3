/** The unit a report is made of: a number never travels without its n, interval and control. */
import { z } from "zod";
import { aboutSchema } from "./about.ts";
import { idOf } from "./finding-id.ts";
import { measured } from "./measured.ts";

const interval = z.tuple([measured, measured]);

const fieldsSchema = z.strictObject({
  id: z.string().min(1),
  about: aboutSchema,
  group: z.string().min(1),
  question: z.string().min(1),
  /** null where the status is "undetermined". */
  estimate: measured.nullable(),
  unit: z.string(),
  interval: interval.nullable(),
  /** Confidence level of the interval, e.g. 0.95. */
  level: measured,
  n: z.int().nonnegative(),
  method: z.string(),
  /** The null or the matched set that the estimate was held against. */
  control: z.strictObject({
    kind: z.string(),
    estimate: measured.nullable(),
    interval: interval.nullable(),
  }),
  status: z.enum(["found", "not found", "undetermined"]),
  /** What a report prints. */
  sentence: z.string().min(1),
});

export const findingSchema = fieldsSchema.refine(({ id, about }) => id === idOf(about), {
  path: ["id"],
  error: "the id that goes with its about",
});
export type Finding = z.infer<typeof findingSchema>;

/** As runs of format 1 have it: before findings said what they are about. */
export const olderFindingSchema = fieldsSchema.omit({ about: true });
export type OlderFinding = z.infer<typeof olderFindingSchema>;
