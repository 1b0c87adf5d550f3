/** YAML that people write (JSON is YAML too): read as inert data, and every fault said with its line. */
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readText } from "../disk/io.ts";
import { requireModestYaml } from "./yaml-limits.ts";

type Key = readonly (string | number)[];

export interface YamlFile {
  value: unknown;
  /** `file:line key` of a place in it; of the nearest place around it where there is no such key. */
  at: (key: Key) => string;
}

/** @param what e.g. "an audit plan in YAML" @throws FathomError when it cannot be read, or naming the line that is no YAML */
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
 * A part of the file as a schema has it.
 * @param within the part's place; [] for the whole file
 * @param keys what a key of it is called, and the hint for one that it does not know
 * @throws FathomError with line and key for the first thing that does not fit, unknown keys by name
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
    // A single value may stand where a list of one is read.
    if (typeof at !== "object" || at === null) return at;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
