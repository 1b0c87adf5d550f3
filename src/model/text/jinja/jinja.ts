/**
 * Jinja, as Transformers runs chat templates: jinja2's ImmutableSandboxedEnvironment with trim_blocks, lstrip_blocks,
 * loop controls and generation blocks, undefined names that print as nothing, and Transformers' own tojson,
 * raise_exception, strftime_now and namespace (utils/chat_template_utils.py, 5.23). Of our own, because a template's
 * text is the prompt: it has to be Python's to the character, it has to say which characters a person wrote, and it
 * must not run for ever. What is not here (inheritance, imports, recursive loops, escaping) is refused by name.
 */
import type { Statement } from "./ast.ts";
import { Budget, limits, TemplateProblem } from "./budget.ts";
import { Text } from "./marked-text.ts";
import { parse } from "./parser.ts";
import { Renderer } from "./render.ts";
import { Dict, List, type Value } from "./values.ts";

/** What a template is given: plain data, in which texts may already carry what is foreign in them. */
export type Data =
  | null
  | boolean
  | number
  | string
  | Text
  | readonly Data[]
  | { readonly [key: string]: Data };

export class Template {
  readonly #body: readonly Statement[];

  /** @throws TemplateProblem when the source is no template, or uses what Fathom does not know */
  constructor(source: string) {
    if (source.length > limits.source)
      throw new TemplateProblem(`${source.length} characters (at most ${limits.source})`);
    this.#body = bounded(() => parse(source));
  }

  /** Every text that stands in the source: between its tags, and in quotes. */
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

  /** @throws TemplateProblem when the template refuses, does what Python refuses, or does not come to an end */
  render(variables: Readonly<Record<string, Data>>): Text {
    const values = Object.entries(variables).map(([name, data]) => [name, valueOf(data)] as const);
    return bounded(() => new Renderer(new Budget()).render(this.#body, new Map(values)));
  }
}

/** The engine's own limits (the stack, the length of a string) are a template's doing, too. */
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
  return new Dict(Object.entries(data).map(([key, value]) => [new Text(key), valueOf(value)] as const));
}
