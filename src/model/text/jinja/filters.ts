/** The Jinja filters that chat templates use. */
import { bind } from "./arguments.ts";
import { type Budget, TemplateProblem } from "./budget.ts";
import { Text } from "./marked-text.ts";
import { capitalized, lines, pairs } from "./methods.ts";
import { str, toJson } from "./print.ts";
import { joined, replaced } from "./strings.ts";
import {
  type CallArguments,
  contains,
  Dict,
  Float,
  integer,
  itemsOf,
  kindOf,
  List,
  numberOf,
  order,
  Safe,
  text,
  truth,
  Undefined,
  type Value,
} from "./values.ts";

/** The part of the evaluator that filters and tests need. */
export interface Context {
  budget: Budget;
  filter(name: string, value: Value, args: CallArguments): Value;
  test(name: string, value: Value, args: CallArguments): boolean;
  /** The value at a path such as "function.name". */
  attribute(value: Value, path: Value): Value;
}

type Filter = (value: Value, args: CallArguments, context: Context) => Value;

export const filters = new Map<string, Filter>([
  [
    "trim",
    onText("trim", ["chars"], (self, [chars = null]) =>
      self.strip("both", chars === null ? null : text(chars, "chars").value),
    ),
  ],
  ["upper", onText("upper", [], (self) => self.map((value) => value.toUpperCase()))],
  ["lower", onText("lower", [], (self) => self.map((value) => value.toLowerCase()))],
  ["capitalize", onText("capitalize", [], capitalized)],
  ["title", onText("title", [], (self) => titleWords(self))],
  ["string", onText("string", [], (self) => self)],
  [
    "replace",
    onText("replace", ["old", "new", "count"], (self, [from, to, count = null], { budget }) => {
      if (from === undefined || to === undefined) throw new TemplateProblem("replace without old and new");
      return replaced(
        self,
        str(from, budget),
        str(to, budget),
        count === null ? -1 : integer(count, "count"),
        budget,
      );
    }),
  ],
  ["indent", indent],
  ["wordcount", onText("wordcount", [], (self) => self.value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ["safe", onText("safe", [], (self) => new Safe(self))],
  ["length", length],
  ["count", length],
  ["int", number("int")],
  ["float", number("float")],
  [
    "abs",
    (value, args) => {
      bind(args, "abs", []);
      return value instanceof Float ? new Float(Math.abs(value.value)) : Math.abs(integer(value, "a number"));
    },
  ],
  ["round", round],
  ["default", fallback],
  ["d", fallback],
  ["tojson", json],
  [
    "items",
    (value, args) => {
      bind(args, "items", []);
      if (value instanceof Undefined) return new List([]);
      if (!(value instanceof Dict)) throw new TemplateProblem(`items of ${kindOf(value)}`);
      return pairs(value);
    },
  ],
  ["dictsort", dictsort],
  ["list", (value, args, { budget }) => (bind(args, "list", []), new List(itemsOf(value, budget)))],
  ["first", (value, args, { budget }) => (bind(args, "first", []), end("first", itemsOf(value, budget), 0))],
  ["last", (value, args, { budget }) => (bind(args, "last", []), end("last", itemsOf(value, budget), -1))],
  [
    "reverse",
    (value, args, { budget }) => {
      bind(args, "reverse", []);
      const reversed = itemsOf(value, budget).toReversed();
      return value instanceof Text ? Text.join(reversed as Text[]) : new List(reversed);
    },
  ],
  ["join", join],
  ["sort", sort],
  ["unique", unique],
  ["min", extreme("min", -1)],
  ["max", extreme("max", 1)],
  ["sum", sum],
  ["map", map],
  ["select", choosing("select", false, true)],
  ["reject", choosing("reject", false, false)],
  ["selectattr", choosing("selectattr", true, true)],
  ["rejectattr", choosing("rejectattr", true, false)],
]);

/** A filter that converts its input to text. */
function onText(
  name: string,
  parameters: readonly string[],
  change: (self: Text, args: (Value | undefined)[], context: Context) => Value,
): Filter {
  return (value, args, context) => {
    const self = str(value, context.budget);
    context.budget.spendText(self.value.length);
    return change(self, bind(args, name, parameters), context);
  };
}

function empty(what: string): Undefined {
  return new Undefined(`the ${what} item of an empty list`);
}

function end(what: string, items: readonly Value[], at: number): Value {
  const item = items.at(at);
  return item === undefined ? empty(what) : item;
}

/** Jinja's title: words begin at the start of the text and after white space, a hyphen or an opening bracket. */
function titleWords(self: Text): Text {
  return self.map((stretch) =>
    stretch.replace(/([-\s({[<]*)([^-\s({[<]+)/g, (_, before: string, word: string) => {
      const first = String.fromCodePoint(word.codePointAt(0)!);
      return before + first.toUpperCase() + word.slice(first.length).toLowerCase();
    }),
  );
}

function indent(value: Value, args: CallArguments, { budget }: Context): Value {
  const [width = 4, first = false, blank = false] = bind(args, "indent", ["width", "first", "blank"]);
  const by = width instanceof Text ? width : spacesOf(integer(width, "width"), budget);
  const all = lines(Text.join([str(value, budget), new Text("\n")]));
  const parts = all.map((line, i) => {
    const indents = i === 0 ? truth(first) : truth(blank) || line.value !== "";
    return indents ? joined([by, line], new Text(""), budget) : line;
  });
  return joined(parts, new Text("\n"), budget);
}

function spacesOf(width: number, budget: Budget): Text {
  budget.spendText(width);
  return new Text(" ".repeat(Math.max(width, 0)));
}

function length(value: Value, args: CallArguments, { budget }: Context): Value {
  bind(args, "length", []);
  if (value instanceof Text) {
    budget.spend(value.value.length / 16);
    return value.length;
  }
  if (value instanceof List) return value.items.length;
  if (value instanceof Dict) return value.entries.size;
  if (value instanceof Undefined) return 0;
  throw new TemplateProblem(`the length of ${kindOf(value)}`);
}

function number(kind: "int" | "float"): Filter {
  return (value, args) => {
    const [missing = kind === "int" ? 0 : new Float(0)] = bind(args, kind, ["default"]);
    let found = numberOf(value);
    if (value instanceof Text && /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i.test(value.value))
      found = Number(value.value);
    if (found === null || !Number.isFinite(found)) return missing;
    return kind === "int" ? Math.trunc(found) : new Float(found);
  };
}

function round(value: Value, args: CallArguments): Value {
  const [digits = 0, method = new Text("common")] = bind(args, "round", ["precision", "method"]);
  const found = numberOf(value);
  if (found === null) throw new TemplateProblem(`the rounding of ${kindOf(value)}`);
  const scale = 10 ** integer(digits, "precision");
  const how = text(method, "method").value;
  const scaled = found * scale;
  // Python rounds halves to the nearest even number.
  const even = Math.abs(scaled % 1) === 0.5 ? 2 * Math.round(scaled / 2) : Math.round(scaled);
  return new Float(
    (how === "ceil" ? Math.ceil(scaled) : how === "floor" ? Math.floor(scaled) : even) / scale,
  );
}

function fallback(value: Value, args: CallArguments): Value {
  const [missing = new Text(""), alsoFalse = false] = bind(args, "default", ["default_value", "boolean"]);
  return value instanceof Undefined || (truth(alsoFalse) && !truth(value)) ? missing : value;
}

function json(value: Value, args: CallArguments, { budget }: Context): Value {
  const [ascii = false, width = null, separators = null, sorted = false] = bind(args, "tojson", [
    "ensure_ascii",
    "indent",
    "separators",
    "sort_keys",
  ]);
  let indentation: string | null = null;
  if (width !== null)
    indentation = width instanceof Text ? width.value : spacesOf(integer(width, "indent"), budget).value;
  if (indentation !== null && indentation.length > 64) throw new TemplateProblem("an indent of more than 64");
  let ends: readonly [string, string] | null = null;
  if (separators !== null) {
    const [item, key] = itemsOf(separators, budget);
    ends = [text(item ?? null, "a separator").value, text(key ?? null, "a separator").value];
  }
  const options = {
    indent: indentation,
    separators: ends,
    ensureAscii: truth(ascii),
    sortKeys: truth(sorted),
  };
  return toJson(value, options, budget);
}

function dictsort(value: Value, args: CallArguments, { budget }: Context): Value {
  const names = ["case_sensitive", "by", "reverse"];
  const [exact = false, by = new Text("key"), reverse = false] = bind(args, "dictsort", names);
  if (!(value instanceof Dict)) throw new TemplateProblem(`dictsort of ${kindOf(value)}`);
  const at = text(by, "by").value === "value" ? 1 : 0;
  const items = pairs(value).items as List[];
  return sortedBy(items, ({ items: pair }) => folded(pair[at]!, truth(exact)), truth(reverse), budget);
}

function sort(value: Value, args: CallArguments, context: Context): Value {
  const names = ["reverse", "case_sensitive", "attribute"];
  const [reverse = false, exact = false, attribute = null] = bind(args, "sort", names);
  const key = (item: Value) =>
    folded(attribute === null ? item : context.attribute(item, attribute), truth(exact));
  return sortedBy(itemsOf(value, context.budget), key, truth(reverse), context.budget);
}

function sortedBy<T extends Value>(
  items: readonly T[],
  key: (item: T) => Value,
  reverse: boolean,
  budget: Budget,
): List {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  return new List(keyed.sort((a, b) => sign * order(a.key, b.key, budget)).map(({ item }) => item));
}

function folded(value: Value, exact: boolean): Value {
  return !exact && value instanceof Text ? new Text(value.value.toLowerCase()) : value;
}

function join(value: Value, args: CallArguments, context: Context): Value {
  const [separator = new Text(""), attribute = null] = bind(args, "join", ["d", "attribute"]);
  const { budget } = context;
  const items = itemsOf(value, budget).map((item) => {
    const one = attribute === null ? item : context.attribute(item, attribute);
    return str(one, budget);
  });
  return joined(items, str(separator, budget), budget);
}

function unique(value: Value, args: CallArguments, { budget }: Context): Value {
  const [exact = false] = bind(args, "unique", ["case_sensitive"]);
  const seen: Value[] = [];
  const kept: Value[] = [];
  for (const item of itemsOf(value, budget)) {
    const key = folded(item, truth(exact));
    if (contains(new List(seen), key, budget)) continue;
    seen.push(key);
    kept.push(item);
  }
  return new List(kept);
}

function extreme(name: string, sign: number): Filter {
  return (value, args, { budget }) => {
    bind(args, name, []);
    const items = itemsOf(value, budget);
    if (items.length === 0) return empty(name);
    return items.reduce((best, item) =>
      sign * order(folded(item, false), folded(best, false), budget) > 0 ? item : best,
    );
  };
}

function sum(value: Value, args: CallArguments, context: Context): Value {
  const [attribute = null, start = 0] = bind(args, "sum", ["attribute", "start"]);
  let isFloat = start instanceof Float;
  let total = numberOf(start) ?? 0;
  for (const item of itemsOf(value, context.budget)) {
    const one = attribute === null ? item : context.attribute(item, attribute);
    const found = numberOf(one);
    if (found === null) throw new TemplateProblem(`a sum with ${kindOf(one)}`);
    isFloat ||= one instanceof Float;
    total += found;
  }
  return isFloat ? new Float(total) : total;
}

function map(value: Value, { positional, named }: CallArguments, context: Context): Value {
  const items = itemsOf(value, context.budget);
  const path = named.get("attribute");
  if (positional.length === 0 && path !== undefined) {
    const [, missing] = bind({ positional, named }, "map", ["attribute", "default"]);
    return new List(
      items.map((item) => {
        const found = context.attribute(item, path);
        return found instanceof Undefined && missing !== undefined ? missing : found;
      }),
    );
  }
  const [name, ...rest] = positional;
  const filter = text(name ?? null, "the filter to map").value;
  return new List(items.map((item) => context.filter(filter, item, { positional: rest, named })));
}

function choosing(name: string, byAttribute: boolean, keep: boolean): Filter {
  return (value, { positional, named }, context) => {
    const [first, ...others] = positional;
    if (byAttribute && first === undefined) throw new TemplateProblem(`${name} without an attribute`);
    const [test, ...args] = byAttribute ? others : positional;
    const passes = (item: Value) => {
      const subject = byAttribute ? context.attribute(item, first!) : item;
      if (test === undefined) return truth(subject);
      return context.test(text(test, "the name of a test").value, subject, { positional: args, named });
    };
    return new List(itemsOf(value, context.budget).filter((item) => passes(item) === keep));
  };
}
