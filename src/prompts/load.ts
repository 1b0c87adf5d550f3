/**
 * Loads a prompt set for an audit: JSON Lines in our own schema (src/core/records/prompt.ts), or another project's set, CSV, or
 * columns that the user maps, which columns/columns.ts first turns into rows of our schema.
 *
 * id, prompt and tier are required: no analysis can use a line without a tier. Other fields may be missing in a
 * user's file. `notes` say what was then assumed and which fields were ignored; they belong in the run's report.
 */
import { basename } from "node:path";
import { badInput } from "../core/errors.ts";
import { languageOf } from "../core/records/fields/language.ts";
import { labels, type Prompt, promptSchema, type Split, type Tier } from "../core/records/prompt.ts";
import { hashBytes } from "../files/disk/hash-file.ts";
import { findPromptFile } from "./bundled.ts";
import { ourRows } from "./columns/columns.ts";
import type { FieldMap } from "./columns/field-map.ts";
import { tierNames } from "./prompt-line.ts";
import { fieldError, given, optionalText, type Row, requiredText, shown } from "./rows/fields.ts";
import { earlierTurnsOf } from "./rows/messages.ts";
import { type Note, Notes } from "./rows/notes.ts";
import { readSource, readStandardInput, type Source, standardInput } from "./rows/source.ts";
import { tableOf } from "./rows/table.ts";
import { uniqueIds } from "./rows/unique.ts";

export interface PromptSet {
  /** The bundled set's name, the path as the user wrote it, or "standard input". */
  name: string;
  /** SHA-256 of the bytes that were read, 64 hex digits, as `sha256sum` prints it. */
  sha256: string;
  /** In the file's order. */
  prompts: Prompt[];
  /** One sentence per thing that was recognised, assumed or ignored; empty for complete JSON Lines of ours. */
  notes: string[];
}

/** Name of the group of lines that do not state their group. */
const unstated = "unstated";

const knownFields: ReadonlySet<string> = new Set(Object.keys(promptSchema.shape));

export interface LoadOptions {
  /** Where fields come from, if the file's columns have other names. */
  map?: FieldMap;
  /** The tier of prompts that state none; without it, every prompt must state one. */
  tierIfMissing?: Tier;
}

/**
 * @param pathOrName the name of a bundled set, the path of a JSON Lines or CSV file, or - for standard input
 * @throws FathomError (exit 2) that names `file:line: field` for the first invalid line
 */
export async function loadPrompts(
  pathOrName: string,
  { map = {}, tierIfMissing }: LoadOptions = {},
): Promise<PromptSet> {
  const { name, source } = await sourceOf(pathOrName);
  const { rows, notes: before } = ourRows(tableOf(source), map, tierIfMissing === undefined);
  const { prompts, notes } = promptsIn(rows, tierIfMissing);
  return { name, sha256: hashBytes(source.bytes), prompts, notes: [...before, ...notes] };
}

async function sourceOf(pathOrName: string): Promise<{ name: string; source: Source }> {
  if (pathOrName === standardInput) {
    const source = await readStandardInput("prompt");
    return { name: source.name, source };
  }
  const { name, path } = findPromptFile(pathOrName);
  return { name, source: await readSource(path, "prompt") };
}

/** The prompts of rows with our fields. @throws FathomError that names the first invalid field */
export function promptsIn(rows: readonly Row[], tierIfMissing?: Tier): Pick<PromptSet, "prompts" | "notes"> {
  const notes = new Notes(rows.length);
  const claim = uniqueIds();
  const prompts = rows.map((row) => {
    const prompt = promptOf(row, tierIfMissing, (note) => {
      notes.add(note);
    });
    claim(prompt.id, row);
    return prompt;
  });
  requireLanguages(prompts, rows);
  return { prompts, notes: notes.sentences() };
}

function promptOf(row: Row, tierIfMissing: Tier | undefined, note: (note: Note) => void): Prompt {
  for (const field of Object.keys(row.fields)) {
    if (!knownFields.has(field)) note({ field, what: "is not used" });
  }
  const split = splitOf(row);
  const turns = earlierTurnsOf(row);
  const language = languageIn(row);
  return {
    id: requiredText(row, "id", "give every line an id of its own"),
    prompt: promptText(row),
    tier: tierOf(row, tierIfMissing),
    framing: groupOf(row, "framing", note),
    category: groupOf(row, "category", note),
    pair:
      optionalText(row, "pair", "the same text on every prompt that differs only in tier, or null") ?? null,
    panel: panelOf(row, note),
    rationale: rationaleOf(row),
    expected_surface: surfaceOf(row, note),
    ...(language === undefined ? {} : { language }),
    ...(split === undefined ? {} : { split }),
    ...(turns === undefined ? {} : { turns }),
  };
}

function promptText(row: Row): string {
  if (given(row, "prompt") === undefined && ("ids" in row.fields || "messages" in row.fields)) {
    throw badInput(
      `${row.where}: prompt`,
      "a text, because an audit chooses the template itself",
      "ids" in row.fields ? "exact token ids" : "messages",
      "ids" in row.fields
        ? "write the user's turn as prompt; ids are for fathom capture and generate"
        : "write the last user's turn as prompt, and the turns before it as turns",
    );
  }
  return requiredText(row, "prompt", "write the user's turn as plain text");
}

function tierOf(row: Row, ifMissing: Tier | undefined): Tier {
  const tier = given(row, "tier") ?? ifMissing;
  const known = typeof tier === "string" && Object.hasOwn(tierNames, tier) ? tierNames[tier] : undefined;
  if (known !== undefined) return known;
  throw fieldError(
    row,
    "tier",
    `one of ${Object.keys(tierNames).join(", ")}`,
    "an audit compares tiers, so every line needs one; --map tier=@benign gives all prompts the same",
  );
}

function groupOf(row: Row, field: "framing" | "category", note: (note: Note) => void): string {
  const group = optionalText(row, field, `a name such as "${field === "framing" ? "direct" : "virology"}"`);
  if (group === undefined) note({ field, what: `is missing: grouped as "${unstated}"` });
  return group ?? unstated;
}

function panelOf(row: Row, note: (note: Note) => void): Prompt["panel"] {
  const panel = given(row, "panel");
  if (panel === undefined) {
    note({ field: "panel", what: "is missing: counted as main" });
    return "main";
  }
  const known = promptSchema.shape.panel.options.find((option) => option === panel);
  if (known !== undefined) return known;
  throw fieldError(row, "panel", "main, legality or control", "leave panel out for the main prompts");
}

const languageHint = "for example en, de or zh-Hans; --map language=COLUMN:english=en translates names";

function languageIn(row: Row): string | undefined {
  const text = optionalText(row, "language", languageHint);
  if (text === undefined) return undefined;
  const language = languageOf(text);
  if (language !== null) return language;
  throw fieldError(row, "language", "the tag of a language", languageHint);
}

/** A rate of a language would be silent on prompts that state none. @throws FathomError naming the first such prompt */
function requireLanguages(prompts: readonly Prompt[], rows: readonly Row[]): void {
  const [stated, none] = [true, false].map((has) =>
    prompts.findIndex(({ language }) => (language !== undefined) === has),
  );
  if (stated === -1 || none === -1) return;
  throw fieldError(
    rows[none!]!,
    "language",
    `the tag of its language, as at ${basename(rows[stated!]!.where)}`,
    "give it on every line or on none",
  );
}

function splitOf(row: Row): Split | undefined {
  const split = given(row, "split");
  if (split === undefined) return undefined;
  const known = promptSchema.shape.split.unwrap().options.find((option) => option === split);
  if (known !== undefined) return known;
  throw fieldError(
    row,
    "split",
    "fit, validate or test",
    "leave it out on every line to have Fathom split the set",
  );
}

/** Free text that is not used in computations, so it may be blank. */
function rationaleOf(row: Row): string {
  const rationale = given(row, "rationale") ?? "";
  if (typeof rationale === "string") return rationale;
  throw fieldError(row, "rationale", "a text", "say in a sentence why the prompt is in its tier");
}

/**
 * The author's expectation. It is shown beside the verdict and never scored; an unknown label gives a note, not an
 * error.
 */
function surfaceOf(row: Row, note: (note: Note) => void): Prompt["expected_surface"] {
  const surface = optionalText(row, "expected_surface", `one of ${labels.join(", ")}, or null`);
  if (surface === undefined) return null;
  const label = labels.find((known) => known === surface);
  if (label === undefined) {
    note({
      field: "expected_surface",
      what: `is none of ${labels.join(", ")} (first: ${shown(surface)} at ${basename(row.where)}): kept as none`,
      kind: "unknown",
    });
  }
  return label ?? null;
}
