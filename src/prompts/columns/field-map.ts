/**
 * Where the fields of a prompt come from in a file with other columns. In a plan this is data. On the command line it is written
 * in short:
 *
 *     prompt=question                                  the text of a column
 *     tier=label:safe=benign,unsafe=hazard_adjacent    the values of a column, translated
 *     tier=@benign                                     one value for every prompt
 */
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { labels, promptSchema, tiers } from "../../core/records/prompt.ts";

export const mappedFields = [
  "id",
  "prompt",
  "tier",
  "framing",
  "category",
  "pair",
  "panel",
  "rationale",
  "expected_surface",
  "language",
] as const;
export type MappedField = (typeof mappedFields)[number];

const fieldSchema = z.enum(mappedFields, { error: `a field of a prompt: ${mappedFields.join(", ")}` });
const name = z.string().min(1);
const columnSchema = z.strictObject({
  column: name.describe("The column of the file that holds the field."),
  values: z
    .record(z.string(), name)
    .optional()
    .describe("The field's value for each value of the column. Without it, the column's text is the value."),
});
const constantSchema = z.strictObject({ value: name.describe("The field's value in every prompt.") });

/** The fields of a prompt that come from other columns, each with its source. */
export const fieldMapSchema = z.partialRecord(fieldSchema, z.union([columnSchema, constantSchema]));
export type FieldMap = z.infer<typeof fieldMapSchema>;

const form = "COLUMN, COLUMN:value=ours,value=ours or @value";
const short = /^(?:@(?<value>.+)|(?<column>[^@:][^:]*)(?::(?<values>[^=,]+=[^=,]+(?:,[^=,]+=[^=,]+)*))?)$/;

/** A map as a person writes it: each source in short, or as data. */
export const writtenFieldMapSchema = z.partialRecord(
  fieldSchema,
  z.union([z.string().regex(short).describe(`In short: ${form}.`), columnSchema, constantSchema], {
    error: `${form}, or {column, values} or {value}`,
  }),
);
export type WrittenFieldMap = z.infer<typeof writtenFieldMapSchema>;

/** The map with every source as data. @param at names a field's place in a message */
export function fieldMapOf(written: WrittenFieldMap, at: (field: string) => string): FieldMap {
  return Object.fromEntries(
    Object.entries(written).map(([field, source]) => [
      field,
      typeof source === "string" ? sourceOf(source, at(field)) : source,
    ]),
  );
}

/** Reads what the command line says, such as `tier=@benign`, one text per field. @throws FathomError naming the text that is wrong */
export function fieldMapIn(texts: readonly string[], option: string): FieldMap {
  const map: FieldMap = {};
  for (const text of texts) {
    const [, key, source = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const field = mappedFields.find((known) => known === key);
    if (field === undefined)
      throw badInput(
        option,
        `FIELD=COLUMN, where FIELD is one of ${mappedFields.join(", ")}`,
        JSON.stringify(text),
        `${option} prompt=COLUMN, or ${option} tier=COLUMN:value=benign,value=hazard_adjacent`,
      );
    if (map[field] !== undefined) throw badInput(option, "each field once", `${field} twice`);
    map[field] = sourceOf(source, `${option} ${field}`);
  }
  return map;
}

export type FieldSource = NonNullable<FieldMap[MappedField]>;

function sourceOf(text: string, where: string): FieldSource {
  const { value, column, values } = short.exec(text)?.groups ?? {};
  if (value !== undefined) return { value };
  if (column === undefined)
    throw badInput(
      where,
      form,
      JSON.stringify(text),
      "the data form of a plan file, if a name holds : = or ,",
    );
  if (values === undefined) return { column };
  const pairs = values.split(",").map((pair) => pair.split("=").map((part) => part.trim()));
  const from = pairs.map(([theirs]) => theirs!);
  const twice = from.find((theirs, i) => from.indexOf(theirs) !== i);
  if (twice !== undefined) throw badInput(where, "each value once", `${JSON.stringify(twice)} twice`);
  return { column, values: Object.fromEntries(pairs) as Record<string, string> };
}

/** The values that a field may have; fields that are not here may have any. */
const known: Partial<Record<MappedField, readonly string[]>> = {
  tier: tiers,
  panel: promptSchema.shape.panel.options,
  expected_surface: labels,
};

/** @throws FathomError for a value that the field cannot have */
export function requireOurValues(map: FieldMap): void {
  for (const [field, source] of Object.entries(map) as [MappedField, FieldSource][]) {
    const ours = "value" in source ? [source.value] : Object.values(source.values ?? {});
    const strange = ours.find((value) => known[field]?.includes(value) === false);
    if (strange !== undefined)
      throw badInput(`map ${field}`, `one of ${known[field]!.join(", ")}`, JSON.stringify(strange));
  }
}
