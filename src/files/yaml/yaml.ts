/** Reads YAML that people write (JSON is YAML, too) as plain data. Every error names its line. */
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readText } from "../disk/io.ts";
import { requireModestYaml } from "./yaml-limits.ts";

type Key = readonly (string | number)[];

export interface YamlFile {
  value: unknown;
  /** `file:line key` of a key; if the key does not exist, the line of the nearest existing key around it. */
  at: (key: Key) => string;
}

/**
 * @param what what the file should be, e.g. "an audit plan in YAML"
 * @throws FathomError if it cannot be read; with the line if it is not YAML
 */
export function readYaml(path: string, what: string): YamlFile {
  const text = readText(path, what);
  requireModestYaml(text, path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw badInput(`${path}:${lines.linePos(broken.pos[0]).line}`, "YAML", broken.message);
  return {
    value: document.toJS() as unknown,
    at: (key) => {
      let line = 1;
      for (let length = key.length; length > 0; length--) {
        const node = document.getIn(key.slice(0, length), true) as
          | { range?: [number, number, number] }
          | undefined;
        if (node?.range === undefined) continue;
        line = lines.linePos(node.range[0]).line;
        break;
      }
      return `${path}:${line}${key.length === 0 ? "" : ` ${key.join(".")}`}`;
    },
  };
}

/**
 * Parses a part of the file with a schema.
 * @param within the key of the part; [] for the whole file
 * @param keys `what`: the word for its keys in messages; `hint`: what to try if a key is unknown
 * @throws FathomError with line and key for the first thing that does not fit; unknown keys are named
 */
export function parseYaml<T>(
  { value, at }: YamlFile,
  schema: z.ZodType<T>,
  within: Key,
  keys: { what: string; hint: string },
): T {
  const part = valueAt(value, within);
  const result = schema.safeParse(part);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path as Key;
  if (issue.code === "unrecognized_keys")
    throw badInput(at([...within, ...key, issue.keys[0]!]), keys.what, "a key it does not know", keys.hint);
  throw badInput(
    at([...within, ...key]),
    issue.message.replace(/^Invalid (input|option): expected /, ""),
    JSON.stringify(valueAt(part, key) ?? null),
    keys.hint,
  );
}

function valueAt(value: unknown, key: Key): unknown {
  let at = value;
  for (const part of key) {
    // A single value may be given in place of a list of one.
    if (typeof at !== "object" || at === null) return at;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
