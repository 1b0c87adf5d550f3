/** Values as text: Python's str and repr, and json.dumps as Transformers offers it to templates. */
import { type Budget, TemplateProblem } from "./budget.ts";
import { Text } from "./marked-text.ts";
import { Dict, Float, kindOf, List, Safe, Undefined, type Value } from "./values.ts";

/** The text that a value prints. */
export function str(value: Value, budget: Budget): Text {
  if (value instanceof Text) return value;
  if (value instanceof Safe) return value.text;
  return value instanceof Undefined ? new Text("") : repr(value, budget);
}

function repr(value: Value, budget: Budget): Text {
  budget.spend(1);
  if (value === null) return new Text("None");
  if (typeof value === "boolean") return new Text(value ? "True" : "False");
  if (typeof value === "number") return new Text(String(value));
  if (value instanceof Float) return new Text(floatText(value.value));
  if (value instanceof Text) return quoted(value, budget);
  if (value instanceof List) {
    const items = between(
      value.items.map((item) => repr(item, budget)),
      ", ",
    );
    if (!value.isTuple) return wrapped("[", items, "]", budget);
    return wrapped("(", items, value.items.length === 1 ? ",)" : ")", budget);
  }
  if (value instanceof Dict) {
    const entries = Array.from(value.entries.values(), ([key, one]) =>
      Text.join([repr(key, budget), new Text(": "), repr(one, budget)]),
    );
    return wrapped("{", between(entries, ", "), "}", budget);
  }
  throw new TemplateProblem(`${kindOf(value)} in the output`);
}

/** Python's repr of a float. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16))
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function quoted(value: Text, budget: Budget): Text {
  budget.spendText(value.value.length * 2);
  const quote = value.value.includes("'") && !value.value.includes('"') ? '"' : "'";
  const inner = value.map((stretch) =>
    stretch.replace(/['\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (c) => {
      if (c === "'") return quote === "'" ? "\\'" : c;
      const code = c.codePointAt(0)!;
      if (code > 0xffff) return `\\U${code.toString(16).padStart(8, "0")}`;
      return short[c] ?? (code > 0xff ? `\\u${hex(code, 4)}` : `\\x${hex(code, 2)}`);
    }),
  );
  return Text.join([new Text(quote), inner, new Text(quote)]);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

export interface JsonOptions {
  /** null writes everything on one line. */
  indent: string | null;
  /** The separators between items, and between a key and its value; null for the defaults of json.dumps. */
  separators: readonly [item: string, key: string] | null;
  ensureAscii: boolean;
  sortKeys: boolean;
}

export function toJson(value: Value, options: JsonOptions, budget: Budget, line = "\n"): Text {
  budget.spend(1);
  if (value instanceof Text) {
    budget.spendText(value.value.length * 2);
    const inner = value.map((stretch) => {
      const json = JSON.stringify(stretch).slice(1, -1);
      return options.ensureAscii
        ? json.replace(/[\x7f-\uffff]/g, (c) => `\\u${hex(c.charCodeAt(0), 4)}`)
        : json;
    });
    return Text.join([new Text('"'), inner, new Text('"')]);
  }
  if (value === null || typeof value === "boolean" || typeof value === "number")
    return new Text(String(value));
  if (value instanceof Float)
    return new Text(floatText(value.value).replace("inf", "Infinity").replace("nan", "NaN"));
  const next = options.indent === null ? "" : line + options.indent;
  const [itemEnd, keyEnd] = options.separators ?? [options.indent === null ? ", " : ",", ": "];
  const fill = (open: string, items: Text[], close: string) => {
    if (items.length === 0) return new Text(open + close);
    return wrapped(
      open + next,
      between(items, itemEnd + next),
      (options.indent === null ? "" : line) + close,
      budget,
    );
  };
  if (value instanceof List)
    return fill(
      "[",
      value.items.map((item) => toJson(item, options, budget, next)),
      "]",
    );
  if (value instanceof Dict) {
    const entries = [...value.entries.values()];
    if (options.sortKeys) entries.sort(([a], [b]) => (jsonKey(a).value < jsonKey(b).value ? -1 : 1));
    return fill(
      "{",
      entries.map(([key, one]) =>
        Text.join([
          toJson(jsonKey(key), options, budget),
          new Text(keyEnd),
          toJson(one, options, budget, next),
        ]),
      ),
      "}",
    );
  }
  throw new TemplateProblem(`${kindOf(value)} in JSON`);
}

function jsonKey(key: Value): Text {
  if (key instanceof Text) return key;
  if (key instanceof Float) return new Text(floatText(key.value));
  if (key === null || typeof key === "boolean" || typeof key === "number") return new Text(String(key));
  throw new TemplateProblem(`${kindOf(key)} as a key in JSON`);
}

function between(parts: readonly Text[], separator: string): Text {
  return Text.join(parts.flatMap((part, i) => (i === 0 ? [part] : [new Text(separator), part])));
}

function wrapped(open: string, inner: Text, close: string, budget: Budget): Text {
  budget.spendText(open.length + inner.value.length + close.length);
  return Text.join([new Text(open), inner, new Text(close)]);
}
