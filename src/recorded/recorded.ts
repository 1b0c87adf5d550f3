/** Reads answers that another tool recorded. The format is recognized by the file's content, not by its name. */
import { closeSync, openSync, readSync } from "node:fs";
import { badInput } from "../core/errors.ts";
import { readProblem, readText } from "../files/disk/io.ts";
import { parsePythonJson } from "../files/disk/json.ts";
import { promptLines } from "../prompts/rows/prompt-lines.ts";
import { jsonRecording, zipRecording } from "./inspect-log.ts";
import { biorefusalRecording, linesRecording } from "./lines.ts";
import type { Recording } from "./recording.ts";

const formats = "JSON Lines of answers, a log of Inspect (.json or .eval), or a run of BioRefusalAudit";

/**
 * @returns at least one unit
 * @throws FathomError for a file of another form, for the first record that is invalid, and if no record has an answer
 */
export async function loadRecording(path: string): Promise<Recording> {
  const recording = await recordingIn(path);
  if (recording.units.length > 0) return recording;
  const withheld = recording.without.filter(({ why }) => why === "withheld").length;
  throw badInput(
    path,
    "at least one answer",
    withheld > 0
      ? `${withheld} records whose answers are withheld`
      : `none: the tool failed on all ${recording.without.length} records`,
    withheld > 0 ? "the file with all answers; fathom export writes them with --show-text" : undefined,
  );
}

async function recordingIn(path: string): Promise<Recording> {
  const start = firstBytes(path);
  if (start.startsWith("PK")) return zipRecording(path);
  if (/\.eval$/i.test(path))
    throw badInput(
      path,
      "a zip, as Inspect writes .eval",
      "another kind of file",
      "the file that Inspect wrote",
    );
  const text = readText(path, "a file of recorded answers");
  if (!isDocument(text)) {
    const lines = await promptLines(path, { one: "answer", example: '{"id": "a", "answer": "…"}' });
    return linesRecording(lines);
  }
  const document = parsePythonJson(text, path, formats);
  if (Array.isArray(document))
    return linesRecording(document.map((value: unknown, i) => ({ where: `${path} [${i}]`, value })));
  const { records, ...rest } = document as Record<string, unknown>;
  if (Array.isArray(records)) return biorefusalRecording(path, { ...rest, records });
  if ("samples" in rest || "eval" in rest) return jsonRecording(path, rest);
  throw badInput(
    path,
    formats,
    `an object with ${Object.keys(rest).slice(0, 6).join(", ") || "nothing in it"}`,
  );
}

function firstBytes(path: string): string {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const bytes = Buffer.alloc(4);
    return bytes.toString("latin1", 0, readSync(fd, bytes));
  } catch (error) {
    throw readProblem(path, error, "a file of recorded answers");
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Whether the text is one JSON document and not JSON Lines: its first line is no whole object, or is one that holds a list of records. */
function isDocument(text: string): boolean {
  const first = /\S[^\n]*/.exec(text)?.[0].trim() ?? "";
  if (first.startsWith("[")) return true;
  if (!first.startsWith("{")) return false;
  if (/^\{\s*("[^"]*"\s*:\s*[[{]?\s*)?$/.test(first)) return true;
  let value: unknown;
  try {
    value = parsePythonJson(first, "");
  } catch {
    return false;
  }
  return ["records", "samples", "eval"].some((key) => Object.hasOwn(value as object, key));
}
