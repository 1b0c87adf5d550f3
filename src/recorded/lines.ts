/**
 * Recorded answers as JSON objects, one per line or in a list: what `fathom judge` reads, what `fathom generate` writes, and the
 * records of BioRefusalAudit (arXiv 2605.30162).
 */
import { badInput } from "../core/errors.ts";
import { recordedAnswer } from "../prompts/answers.ts";
import { fieldError, given, optionalText, type Row, rowOf, shown } from "../prompts/rows/fields.ts";
import { earlierTurnsOf } from "../prompts/rows/messages.ts";
import type { RecordedUnit, Recording } from "./recording.ts";

/** Where programs put the answer. */
const textFields = ["answer", "text", "response", "completion"] as const;

/** What BioRefusalAudit publishes in place of answers to hazard-adjacent prompts, and of such prompts if they are long. */
const withheldText = "[REDACTED — tier-3 hazard_adjacent_category completion]";

/** @throws FathomError that names the first invalid field */
export function linesRecording(values: readonly { where: string; value: unknown }[]): Recording {
  const rows = values.map(({ where, value }) => rowOf(value, where, "answer"));
  const isWithheld = (row: Row): boolean => row.fields[textField(row)] === withheldText;
  const withheld = rows.filter(isWithheld);
  return {
    tool: toolOf(rows),
    model: modelOf(rows),
    date: null,
    temperature: null,
    limit: null,
    units: rows.filter((row) => !isWithheld(row)).map(unitOf),
    without: withheld.map(({ where }) => ({ where, why: "withheld" })),
    notes: [],
  };
}

/** A run of BioRefusalAudit: `report.json`, `{model_name, records: [{id, tier, framing, prompt, completion}]}`. */
export function biorefusalRecording(
  path: string,
  { records, ...run }: Readonly<Record<string, unknown>> & { records: unknown[] },
): Recording {
  const rows = records.map((value, i) => ({ where: `${path} records[${i}]`, value }));
  const text = (name: string): string | null => {
    const value = run[name];
    return typeof value === "string" && value.trim() !== "" ? value : null;
  };
  const recording = linesRecording(rows);
  return {
    ...recording,
    tool: "BioRefusalAudit",
    model: text("model_name") ?? text("model") ?? recording.model,
    date: text("run_date"),
  };
}

function textField(row: Row): string {
  const present = textFields.filter((field) => Object.hasOwn(row.fields, field));
  const [field] = present;
  if (field !== undefined && present.length === 1) return field;
  const preview = Object.hasOwn(row.fields, "completion_preview");
  throw badInput(
    row.where,
    `the answer as one of ${textFields.join(", ")}`,
    present.length > 0
      ? present.join(" and ")
      : preview
        ? "completion_preview alone, which is only the beginning of an answer"
        : `none of them, but ${shown(Object.keys(row.fields).slice(0, 8).join(", "))}`,
    preview ? "the run's report.json that has completion" : "rename the field that holds the answer",
  );
}

function unitOf(row: Row): RecordedUnit {
  const { id, answer, reasoning, prompt, finish } = recordedAnswer(row, textField(row));
  const ids = given(row, "ids");
  return {
    where: row.where,
    id,
    prompt: prompt === undefined || prompt === withheldText ? null : prompt,
    turns: earlierTurnsOf(row) ?? null,
    system: null,
    template: null,
    seed: seedOf(row),
    text: answer,
    reasoning,
    finish: finish ?? null,
    tokens: Array.isArray(ids) ? ids.length : null,
    fields: row.fields,
  };
}

function seedOf(row: Row): number | null {
  const seed = given(row, "seed");
  if (seed === undefined) return null;
  if (typeof seed === "number" && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw fieldError(row, "seed", "a whole number of 0 or more", "leave it out if it is not known");
}

/** The program that writes lines of this form; null if any may have written them. */
function toolOf(rows: readonly Row[]): string | null {
  const all = (...fields: string[]) => rows.every((row) => fields.every((field) => field in row.fields));
  if (all("prompt_ids", "ids", "text", "finish")) return "fathom generate";
  return all("completion", "tier", "surface_label", "divergence") ? "BioRefusalAudit" : null;
}

/** @throws FathomError if rows name several models: a run is about one */
function modelOf(rows: readonly Row[]): string | null {
  const hint = "the model's name, or leave it out";
  const first = rows[0] === undefined ? undefined : optionalText(rows[0], "model", hint);
  for (const row of rows) {
    const model = optionalText(row, "model", hint);
    if (model !== first)
      throw fieldError(row, "model", `${shown(first)}, as at ${rows[0]!.where}`, "a file for each model");
  }
  return first ?? null;
}
