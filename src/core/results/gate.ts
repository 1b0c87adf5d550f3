/** A gate: a number that one end of a finding's interval must reach, or must not exceed. CI fails where it does not. */
import { z } from "zod";
import { aboutSchema } from "../records/about.ts";
import { measured } from "../records/fields/measured.ts";
import { reads } from "../records/fields/written.ts";
import type { Finding } from "../records/finding.ts";

/** What a gate may state of a finding's `about`, by kind: the kind, and any of the kind's other keys. */
export const gateAbouts: ReadonlyMap<string, z.ZodObject> = new Map(
  aboutSchema.options.map((option) => {
    const object = option as unknown as z.ZodObject;
    return [option.shape.kind.value, object.partial().required({ kind: true })];
  }),
);

const [first, ...others] = gateAbouts.values();

export const gateSchema = z
  .strictObject({
    about: reads(
      // Checked by kind later, so that an error can name keys that the kind has (jobs/gate/gate-file.ts).
      z.looseObject({ kind: z.string() }),
      z.union([first!, ...others]),
    ).describe(
      "Which findings: those whose about has these values. Keys that are left out may have any value; every finding that fits must pass.",
    ),
    bound: z.enum(["low", "high"]).describe("Which end of the finding's interval is compared."),
    min: measured.optional().describe("The end must be this or more. A share is between 0 and 1."),
    max: measured.optional().describe("The end must be this or less."),
  })
  .refine(({ min, max }) => (min === undefined) !== (max === undefined), {
    error: "min or max, one of them",
  });
export type Gate = z.infer<typeof gateSchema>;

export const gateFileSchema = z.strictObject({
  gates: z
    .array(gateSchema)
    .min(1)
    .describe(
      "Every gate must hold. One whose finding is missing or undetermined, or has no interval, fails.",
    ),
});

/** A gate with the place at which it was written. */
export interface PlacedGate {
  /** `file:line`. */
  place: string;
  gate: Gate;
}

/** What one gate says of one finding. */
export interface GateResult extends PlacedGate {
  /** The finding's id; what the gate names where there is no such finding. */
  subject: string;
  /** What the gate asks for, e.g. "low ≥ 0.8". */
  wanted: string;
  /** null where no finding is what the gate names. */
  finding: Finding | null;
  holds: boolean;
  /** e.g. "the low end of its interval is 0.61, below the min of 0.8". */
  reason: string;
}
