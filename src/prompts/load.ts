/**
 * A prompt set, for an audit: our own schema (src/core/records/prompt.ts) or the BioRefusalAudit one (arXiv 2605.30162), told apart
 * field by field, since ours is that one plus pair and panel.
 *
 * id, prompt and tier must be there: without a tier a line has no place in any analysis. Other fields may be missing in a
 * user's file; what was then assumed, and what was left aside, is said in `notes`, which belong in the run's report.
 */
import { basename } from "node:path";
import { badInput } from "../core/errors.ts";
import { labels, type Prompt, promptSchema, type Tier } from "../core/records/prompt.ts";
import { hashFile } from "../files/disk/hash-file.ts";
import { findPromptFile } from "./bundled.ts";
import { fieldError, given, optionalText, type Row, requiredText, rowOf, shown } from "./fields.ts";
import { type Note, Notes } from "./notes.ts";
import { tierNames } from "./prompt-line.ts";
import { promptLines } from "./prompt-lines.ts";
import { uniqueIds } from "./unique.ts";

export interface PromptSet {
  /** The bundled set's name, or the path as the user wrote it. */
  name: string;
  /** SHA-256 of the file's bytes, 64 hex digits: what `sha256sum` prints. */
  sha256: string;
  /** In the file's order. */
  prompts: Prompt[];
  /** One sentence for each thing that was assumed or left aside; empty when the file says everything. */
  notes: string[];
}

/** What a group is called whose lines do not say which one they are in. */
const unstated = "unstated";

const knownFields: ReadonlySet<string> = new Set(Object.keys(promptSchema.shape));

/**
 * @param pathOrName "biology", "fiction", or the path of a JSON Lines file
 * @throws FathomError (exit 2) naming `file:line: field` for the first line that is wrong
 */
export async function loadPrompts(pathOrName: string): Promise<PromptSet> {
  const { name, path } = findPromptFile(pathOrName);
  const lines = await promptLines(path);
  const notes = new Notes(lines.length);
  const claim = uniqueIds();
  const prompts = lines.map(({ where, value }) => {
    const row = rowOf(value, where);
    const prompt = promptOf(row, (note) => {
      notes.add(note);
    });
    claim(prompt.id, row);
    return prompt;
  });
  return { name, sha256: hashFile(path), prompts, notes: notes.sentences() };
}

function promptOf(row: Row, note: (note: Note) => void): Prompt {
  for (const field of Object.keys(row.fields)) {
    if (!knownFields.has(field)) note({ field, what: "is not used" });
  }
  return {
    id: requiredText(row, "id", "give every line an id of its own"),
    prompt: promptText(row),
    tier: tierOf(row),
    framing: groupOf(row, "framing", note),
    category: groupOf(row, "category", note),
    pair:
      optionalText(row, "pair", "the same text on every prompt that differs only in tier, or null") ?? null,
    panel: panelOf(row, note),
    rationale: rationaleOf(row),
    expected_surface: surfaceOf(row, note),
  };
}

function promptText(row: Row): string {
  if (given(row, "prompt") === undefined && ("ids" in row.fields || "messages" in row.fields)) {
    throw badInput(
      `${row.where}: prompt`,
      "a text, because an audit chooses the template itself",
      "ids" in row.fields ? "exact token ids" : "messages",
      "write the user's turn as prompt; ids and messages are for fathom capture and generate",
    );
  }
  return requiredText(row, "prompt", "write the user's turn as plain text");
}

function tierOf(row: Row): Tier {
  const tier = given(row, "tier");
  const known = typeof tier === "string" && Object.hasOwn(tierNames, tier) ? tierNames[tier] : undefined;
  if (known !== undefined) return known;
  throw fieldError(
    row,
    "tier",
    `one of ${Object.keys(tierNames).join(", ")}`,
    "an audit compares tiers, so every line needs one",
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

/** Free text that nothing computes with: it may be blank. */
function rationaleOf(row: Row): string {
  const rationale = given(row, "rationale") ?? "";
  if (typeof rationale === "string") return rationale;
  throw fieldError(row, "rationale", "a text", "say in a sentence why the prompt is in its tier");
}

/** What the author expected is shown beside the verdict, never scored; other vocabularies are noted, not refused. */
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
