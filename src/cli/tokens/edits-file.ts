/**
 * Reads edits for `generate` from JSON. The arrays of `Edit` (src/model/engine/edits/edit.ts) are lists; a matrix is flat or a
 * list of rows.
 */
import { z } from "zod";
import { badInput, FathomError } from "../../core/errors.ts";
import { readJson } from "../../files/disk/io.ts";
import { editNormalizations, siteKinds } from "../../model/architecture/slots/sites.ts";
import { checkEdits, type Edit, editActivations } from "../../model/engine/edits/edit.ts";

const numbers = z.array(z.number());
const vector = numbers.min(1).transform((values) => Float32Array.from(values));
const matrix = z
  .union([numbers.min(1), z.array(numbers.min(1)).min(1)], {
    error: "expected a list of numbers, or of rows",
  })
  .transform((values) => Float32Array.from(values.flat()));

const editsSchema = z
  .array(
    z.strictObject({
      layer: z.int().nonnegative(),
      site: z.enum(siteKinds).optional(),
      activation: z.enum(editActivations),
      normalize: z.enum(editNormalizations).optional(),
      encoder: matrix,
      bias: vector,
      threshold: vector.optional(),
      k: z.int().positive().optional(),
      magnitude: z.strictObject({ scale: vector, bias: vector }).optional(),
      chosen: z
        .array(z.int().nonnegative())
        .min(1)
        .transform((features) => Int32Array.from(features))
        .optional(),
      decoder: matrix,
      scale: vector,
      offset: vector,
    }),
  )
  .min(1);

/** @throws FathomError naming file, edit and key */
export function readEdits(path: string, sizes: { hiddenSize: number; layers: number }): Edit[] {
  const result = editsSchema.safeParse(readJson(path));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const [index, ...keys] = issue.path.map(String);
    throw badInput(
      index === undefined ? path : `${path}: edit ${[index, ...keys].join(" ")}`,
      "{layer, activation, encoder, bias, decoder, scale, offset}, and what its activation needs, in a list",
      issue.message.replace(/^Invalid input: /, ""),
    );
  }
  try {
    checkEdits(result.data, sizes);
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { where, expected, found } = error.problem;
    throw badInput(`${path}: ${where}`, expected, found);
  }
  return result.data;
}
