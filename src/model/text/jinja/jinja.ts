/**
 * Jinja with the settings with which Transformers runs chat templates: jinja2's ImmutableSandboxedEnvironment with
 * trim_blocks, lstrip_blocks, loop controls and generation blocks, undefined names that print an empty text, and
 * Transformers' own tojson, raise_exception, strftime_now and namespace (utils/chat_template_utils.py, 5.23).
 *
 * Fathom has its own implementation because a template's text is the prompt: it must equal Python's to the character, it
 * must record which characters came from a message, and a template must not run forever. Features that are missing here
 * (inheritance, imports, recursive loops, escaping) are refused by name.
 */
import type { Json } from "../../../core/hash.ts";
import type { Statement } from "./ast.ts";
import { Budget, limits, TemplateProblem } from "./budget.ts";
import { freeNames } from "./free-names.ts";
import { Text } from "./marked-text.ts";
import { parse } from "./parser.ts";
import { Renderer } from "./render.ts";
import { Dict, List, type Value } from "./values.ts";

/** The input of a template: plain data. A `Text` in it can already mark its foreign characters. */
export type Data =
  | null
  | boolean
  | number
  | string
  | Text
  | readonly Data[]
  | ReadonlyMap<Text, Data>
  | { readonly [key: string]: Data };

/** Data that came with a message, such as a tool's description. All its texts are foreign, also the names of members. */
export function foreignData(json: Json): Data {
  if (typeof json === "string") return Text.foreign(json);
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return (json as readonly Json[]).map(foreignData);
  return new Map(
    Object.entries(json).flatMap(([key, value]) =>
      value === undefined ? [] : [[Text.foreign(key), foreignData(value)] as const],
    ),
  );
}

export class Template {
  readonly #body: readonly Statement[];

  /** @throws TemplateProblem when the source is not a template, or uses a feature that Fathom does not know */
  constructor(source: string) {
    if (source.length > limits.source)
      throw new TemplateProblem(`${source.length} characters (at most ${limits.source})`);
    this.#body = bounded(() => parse(source));
  }

  /** All texts in the source: those between tags, and those in quotes. */
  literals(): string[] {
    const texts: string[] = [];
    const walk = (node: unknown): void => {
      if (node === null || typeof node !== "object") return;
      const { kind, text, value } = node as { kind?: unknown; text?: unknown; value?: unknown };
      if (kind === "text" && typeof text === "string") texts.push(text);
      if (kind === "constant" && typeof value === "string") texts.push(value);
      for (const part of Object.values(node)) walk(part);
    };
    bounded(() => walk(this.#body));
    return texts;
  }

  /** The names that the template reads and does not set itself, those of its functions included. */
  freeNames(): Set<string> {
    return bounded(() => freeNames(this.#body));
  }

  /**
   * @param day the day that strftime_now gives, YYYY-MM-DD; a fixed one if it is not given
   * @throws TemplateProblem when the template refuses, does something that Python refuses, or does not end
   */
  render(variables: Readonly<Record<string, Data>>, day?: string): Text {
    return bounded(() => {
      const values = Object.entries(variables).map(([name, data]) => [name, valueOf(data)] as const);
      return new Renderer(new Budget(), day).render(this.#body, new Map(values));
    });
  }
}

/** Reaching a limit of the JavaScript engine (stack depth, string length) counts as an error of the template. */
function bounded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new TemplateProblem(`work beyond all bounds (${error.message})`);
    throw error;
  }
}

function valueOf(data: Data): Value {
  if (typeof data === "string") return new Text(data);
  if (data === null || typeof data !== "object" || data instanceof Text) return data;
  if (Array.isArray(data)) return new List((data as readonly Data[]).map(valueOf));
  const entries =
    data instanceof Map
      ? [...(data as ReadonlyMap<Text, Data>)]
      : Object.entries(data as { readonly [key: string]: Data });
  return new Dict(
    entries.map(([key, value]) => [key instanceof Text ? key : new Text(key), valueOf(value)] as const),
  );
}
