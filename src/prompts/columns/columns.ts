/**
 * Turns the rows of a prompt file into rows with our fields, which load.ts then reads: rows of another project's prompt set, rows
 * of CSV, and rows whose columns the user maps. JSON Lines with our own fields pass unchanged.
 */
import { badInput } from "../../core/errors.ts";
import type { Row } from "../rows/fields.ts";
import type { Table } from "../rows/table.ts";
import { type FieldMap, requireOurValues } from "./field-map.ts";
import { type Format, formatOf, formats } from "./formats.ts";
import { pairedWith, pairsOf } from "./paired-with.ts";
import { columnsOf, fieldsOf, ownNames, type Sources, stated, wordsOf } from "./sources.ts";

interface OurRows {
  rows: Row[];
  /** One sentence per thing that was recognised or assumed. */
  notes: string[];
}

/**
 * @param map where the user says that fields come from
 * @param needsTier whether every row needs a tier; if not, the caller knows the tier of rows without one
 * @throws FathomError naming `file:line` of the header for a column that is missing, and of the first row whose value is no text
 *   or is not in the map
 */
export function ourRows(table: Table, map: FieldMap, needsTier: boolean): OurRows {
  requireOurValues(map);
  const { columns, form } = table;
  const format = formatOf(columns);
  if (format?.refused !== undefined)
    throw badInput(table.where, "prompts that are text", format.refused, "another file of the set");
  requireMapped(table, map);
  const mapped = stated(map).length > 0;
  const sources = sourcesOf(columns, format, map);
  requirePrompt(table, sources);
  if (format === undefined && form === "json" && !mapped) return paired(table.rows(), table.rows(), sources);
  if (format === undefined && needsTier) requireTier(table, sources);
  const assumesHazard = needsTier && sources.tier === undefined;
  const assumed = {
    ...(format === undefined ? {} : { panel: "main" }),
    ...(assumesHazard ? { tier: "hazard_adjacent" } : {}),
  };
  const read = table.rows();
  const rows = read.map((row, i) => ({
    where: row.where,
    fields: {
      ...assumed,
      ...(sources.id === undefined ? { id: `row-${i + 1}` } : {}),
      ...unmappedOf(row, form),
      ...fieldsOf(row, sources),
    },
  }));
  const { rows: ours, notes } = paired(rows, read, sources);
  return {
    rows: ours,
    notes: [
      ...(format === undefined ? [] : [`read as ${format.name} by its columns: ${wordsOf(sources)}`]),
      ...(format === undefined && mapped ? [`columns are mapped: ${wordsOf(map)}`] : []),
      ...(assumesHazard ? [hazardNote] : []),
      ...(sources.id === undefined
        ? ["ids are row numbers (row-1 for the first), since no column is the id"]
        : []),
      ...notes,
      ...unusedNote(table, sources, format),
    ],
  };
}

const hazardNote =
  "no column says the tier, so every prompt counts as hazard_adjacent, and reports print only the words that refuse " +
  "(--map tier=@benign says otherwise)";

function sourcesOf(columns: ReadonlySet<string>, format: Format | undefined, map: FieldMap): Sources {
  const sources: Sources = {
    ...(format?.sources ?? ownNames)(columns),
    // Translations of a known set have one column more.
    ...(columns.has("language") ? { language: { column: "language" } } : {}),
    ...map,
  };
  const { pair } = sources;
  const isNamed = pair === undefined ? columns.has(pairedWith) : columnsOf(pair)[0] === pairedWith;
  return isNamed ? { ...sources, pair: { pairedWith } } : sources;
}

/** What a map cannot choose: the part of an anatomy that a row is in, and in JSON Lines the turns before its prompt. */
function unmappedOf({ fields: { split, turns } }: Row, form: Table["form"]): Row["fields"] {
  return {
    ...(split == null || split === "" ? {} : { split }),
    ...(form === "json" && Array.isArray(turns) ? { turns } : {}),
  };
}

/** The rows with pairs from the ids that they name, if pairs come from there. @param read the rows as they were read */
function paired(rows: Row[], read: readonly Row[], { pair }: Sources): OurRows {
  if (pair === undefined || !("pairedWith" in pair)) return { rows, notes: [] };
  const column = pair.pairedWith;
  const ids = rows.map(({ fields }) => fields["id"]);
  const { pairs, absent } = pairsOf(ids, read, column);
  return {
    rows: rows.map(({ where, fields: { [column]: _, ...fields } }, i) => ({
      where,
      fields: { ...fields, pair: pairs[i]! },
    })),
    notes: [
      `prompts that name each other in ${column} are one pair`,
      ...(absent === 0 ? [] : [`${column} also names prompts that are not in the file (${absent})`]),
    ],
  };
}

const listed = (columns: Iterable<string>): string => [...columns].map((name) => name || '""').join(", ");

/** @throws FathomError for a column of the map that the file does not have */
function requireMapped({ columns, where }: Table, map: FieldMap): void {
  for (const [field, source] of stated(map))
    for (const column of columnsOf(source))
      if (!columns.has(column))
        throw badInput(
          where,
          `a column ${JSON.stringify(column)}, from which ${field} is mapped`,
          `columns ${listed(columns)}`,
          "one of these columns in its place",
        );
}

/** @throws FathomError for a file without a column of prompts */
function requirePrompt({ columns, where }: Table, sources: Sources): void {
  // For exact tokens and messages there is a message of its own (load.ts).
  if (sources.prompt !== undefined || columns.has("ids") || columns.has("messages")) return;
  throw badInput(
    where,
    `a column prompt, or the columns of ${listed(new Set(formats.map(({ name }) => name)))}`,
    `columns ${listed(columns)}`,
    "--map prompt=COLUMN, and --map tier=COLUMN:value=benign,value=hazard_adjacent",
  );
}

/** @throws FathomError for a file whose columns do not say the tier and that is no known set */
function requireTier({ columns, where }: Table, sources: Sources): void {
  if (sources.tier !== undefined) return;
  throw badInput(
    where,
    "a column tier",
    `columns ${listed(columns)}`,
    "--map tier=COLUMN:value=benign,value=hazard_adjacent, or --map tier=@hazard_adjacent for every prompt",
  );
}

function unusedNote({ columns, form }: Table, sources: Sources, format: Format | undefined): string[] {
  const used = new Set([
    ...stated(sources).flatMap(([, source]) => columnsOf(source)),
    ...(format?.unused ?? []),
    ...["split", pairedWith],
    ...(form === "json" ? ["turns"] : []),
  ]);
  const unused = [...columns].filter((column) => !used.has(column));
  return unused.length === 0 ? [] : [`columns that are not used: ${listed(unused)}`];
}
