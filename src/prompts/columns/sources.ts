/** Where each field of a row comes from, and how it is read from there. */
import { badInput } from "../../core/errors.ts";
import { fieldError, given, type Row, shown } from "../rows/fields.ts";
import { type FieldSource, type MappedField, mappedFields } from "./field-map.ts";

/** A field that is made of columns. `text` gives a column's text, "" if the row has none. */
export interface MadeField {
  columns: readonly string[];
  make: (text: (column: string) => string) => string;
  /** What it is, for the report. */
  said: string;
}

/** `pair` from a column that names the ids of the other prompts of the pair (paired-with.ts). */
export interface PairedField {
  pairedWith: string;
}

export type Sources = Partial<Record<MappedField, FieldSource | MadeField | PairedField>>;
type Source = NonNullable<Sources[MappedField]>;

/** Every field that has a column of its own name. */
export const ownNames = (columns: ReadonlySet<string>): Sources =>
  Object.fromEntries(
    mappedFields.filter((field) => columns.has(field)).map((field) => [field, { column: field }]),
  );

/** The sources that are stated, in the order in which reports name them. */
export const stated = (sources: Sources): [MappedField, Source][] =>
  mappedFields.flatMap((field) => {
    const source = sources[field];
    return source === undefined ? [] : [[field, source]];
  });

export function columnsOf(source: Source): readonly string[] {
  if ("column" in source) return [source.column];
  if ("pairedWith" in source) return [source.pairedWith];
  return "columns" in source ? source.columns : [];
}

/** Fields that every prompt needs. An empty cell of another field means that the row does not state it. */
const required: ReadonlySet<MappedField> = new Set(["id", "prompt", "tier"]);

/**
 * The fields of a row. `pair` is left out where it needs the other rows.
 * @throws FathomError naming `file:line: column` of a value that is no text, or that the map does not know
 */
export function fieldsOf(row: Row, sources: Sources): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [field, source] of stated(sources)) {
    const value = valueOf(row, field, source);
    if (value !== undefined && (value !== "" || required.has(field))) fields[field] = value;
  }
  return fields;
}

function valueOf(row: Row, field: MappedField, source: Source): string | undefined {
  if ("pairedWith" in source) return undefined;
  if ("value" in source) return source.value;
  if ("make" in source) return source.make((column) => textOf(row, column) ?? "");
  const { column, values } = source;
  const text = textOf(row, column);
  if (values === undefined) return text;
  const key = text ?? "";
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value !== undefined) return value;
  const known = Object.entries(values).map(([theirs, ours]) => `${theirs}=${ours}`);
  throw badInput(
    `${row.where}: ${column}`,
    `a value that ${field} is mapped from: ${Object.keys(values).join(", ")}`,
    shown(key),
    `--map ${field}=${column}:${[...known, `${key}=…`].join(",")}`,
  );
}

/** A number or a truth value is taken as text: other projects number their prompts. */
function textOf(row: Row, column: string): string | undefined {
  const value = given(row, column);
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw fieldError(row, column, "a text", "map another column");
}

/** The sources in words, such as "prompt from question, tier is benign". */
export const wordsOf = (sources: Sources): string =>
  stated(sources)
    .map(([field, source]) => sourceWords(field, source))
    .join(", ");

function sourceWords(field: MappedField, source: Source): string {
  if ("value" in source) return `${field} is ${source.value}`;
  if ("make" in source) return `${field} is ${source.said}`;
  if ("pairedWith" in source) return `${field} from ${source.pairedWith} (prompts that name each other)`;
  const { column, values } = source;
  const from = column === field ? field : `${field} from ${column}`;
  if (values === undefined) return from;
  const translations = Object.entries(values).map(([theirs, ours]) => `${theirs} is ${ours}`);
  return `${field} from ${column} (${translations.join(", ")})`;
}
