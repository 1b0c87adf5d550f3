/**
 * The methods of str, dict and list that templates call.
 * Methods that change a value are refused, as in Jinja's sandbox.
 */
import { bind } from "./arguments.ts";
import { type Budget, TemplateProblem } from "./budget.ts";
import { Text } from "./marked-text.ts";
import { joined, replaced, titled } from "./strings.ts";
import {
  type CallArguments,
  Callable,
  Dict,
  equal,
  integer,
  itemsOf,
  kindOf,
  List,
  text,
  type Value,
} from "./values.ts";

type Method<T> = (self: T, args: CallArguments, budget: Budget) => Value;

const none = (args: CallArguments, name: string) => bind(args, name, []);

const ofText = new Map<string, Method<Text>>([
  ["strip", stripping("both")],
  ["lstrip", stripping("left")],
  ["rstrip", stripping("right")],
  ["upper", changing((value) => value.toUpperCase())],
  ["lower", changing((value) => value.toLowerCase())],
  [
    "capitalize",
    (self, args) => {
      none(args, "capitalize");
      return capitalized(self);
    },
  ],
  [
    "title",
    (self, args) => {
      none(args, "title");
      return self.map(titled);
    },
  ],
  ["startswith", touching((self, part) => self.startsWith(part))],
  ["endswith", touching((self, part) => self.endsWith(part))],
  [
    "split",
    (self, args, budget) => {
      const [separator = null, times = -1] = bind(args, "split", ["sep", "maxsplit"]);
      const cuts = integer(times, "maxsplit");
      budget.spend(self.value.length / 8);
      const most = cuts < 0 ? Infinity : cuts;
      return new List(separator === null ? self.words(most) : self.split(separatorOf(separator), most));
    },
  ],
  [
    "rsplit",
    (self, args, budget) => {
      const [separator = null, times = -1] = bind(args, "rsplit", ["sep", "maxsplit"]);
      const cuts = integer(times, "maxsplit");
      budget.spend(self.value.length / 8);
      if (separator === null) {
        if (cuts >= 0) throw new TemplateProblem("rsplit at white space with maxsplit");
        return new List(self.words());
      }
      const by = separatorOf(separator);
      const parts: Text[] = [];
      let end = self.value.length;
      for (let cut = 0; cuts < 0 || cut < cuts; cut++) {
        const at = end < by.length ? -1 : self.value.lastIndexOf(by, end - by.length);
        if (at < 0) break;
        parts.unshift(self.slice(at + by.length, end));
        end = at;
      }
      return new List([self.slice(0, end), ...parts]);
    },
  ],
  [
    "splitlines",
    (self, args, budget) => {
      none(args, "splitlines");
      budget.spend(self.value.length / 8);
      return new List(lines(self));
    },
  ],
  [
    "replace",
    (self, args, budget) => {
      const [from, to, count = -1] = bind(args, "replace", ["old", "new", "count"], 2);
      return replaced(self, text(from!, "old"), text(to!, "new"), integer(count, "count"), budget);
    },
  ],
  [
    "join",
    (self, args, budget) => {
      const [items] = bind(args, "join", ["iterable"], 1);
      const parts = itemsOf(items!, budget).map((item) => text(item, "an item to join"));
      return joined(parts, self, budget);
    },
  ],
  ["find", finding((self, part) => self.indexOf(part))],
  ["rfind", finding((self, part) => self.lastIndexOf(part))],
  [
    "count",
    (self, args, budget) => {
      const [part] = bind(args, "count", ["sub"], 1);
      budget.spend(self.value.length / 8);
      const { value } = text(part!, "sub");
      return value === "" ? self.length + 1 : self.value.split(value).length - 1;
    },
  ],
  ["removeprefix", removing((self, part) => (self.value.startsWith(part) ? self.slice(part.length) : self))],
  [
    "removesuffix",
    removing((self, part) =>
      part !== "" && self.value.endsWith(part) ? self.slice(0, self.value.length - part.length) : self,
    ),
  ],
  ["isdigit", asking(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u)],
  ["isalpha", asking(/^\p{L}+$/u)],
  ["isalnum", asking(/^[\p{L}\p{N}]+$/u)],
  [
    "isspace",
    (self, args) => (none(args, "isspace"), self.value !== "" && self.strip("both", null).value === ""),
  ],
  ["isupper", cased((value) => value === value.toUpperCase())],
  ["islower", cased((value) => value === value.toLowerCase())],
]);

const ofDict = new Map<string, Method<Dict>>([
  [
    "get",
    (self, args) => {
      const [key, missing = null] = bind(args, "get", ["key", "default"], 1);
      const value = self.get(key!);
      return value === undefined ? missing : value;
    },
  ],
  ["items", (self, args) => (none(args, "items"), pairs(self))],
  ["keys", (self, args) => (none(args, "keys"), new List(self.keys))],
  [
    "values",
    (self, args) => (none(args, "values"), new List(Array.from(self.entries.values(), ([, value]) => value))),
  ],
]);

const ofList = new Map<string, Method<List>>([
  [
    "index",
    (self, args, budget) => {
      const [item] = bind(args, "index", ["value"], 1);
      const at = self.items.findIndex((one) => equal(one, item!, budget));
      if (at < 0) throw new TemplateProblem("the index of an item that the list does not contain");
      return at;
    },
  ],
  [
    "count",
    (self, args, budget) => {
      const [item] = bind(args, "count", ["value"], 1);
      return self.items.filter((one) => equal(one, item!, budget)).length;
    },
  ],
]);

const changes = new Set(
  "append clear extend insert pop remove reverse sort update setdefault popitem add discard".split(" "),
);

/** A value's method, bound to the value; null when Fathom knows no such method. */
export function method(self: Value, name: string, budget: Budget): Callable | null {
  const of = <T extends Value>(value: T, methods: ReadonlyMap<string, Method<T>>) => {
    const found = methods.get(name);
    return found === undefined ? null : new Callable(name, (args) => found(value, args, budget));
  };
  if (self instanceof Text) return of(self, ofText);
  if (!(self instanceof Dict || self instanceof List)) return null;
  if (changes.has(name))
    return new Callable(name, () => {
      throw new TemplateProblem(`${name}, which changes ${kindOf(self)}`);
    });
  return self instanceof Dict ? of(self, ofDict) : of(self, ofList);
}

export function pairs(dict: Dict): List {
  return new List(Array.from(dict.entries.values(), ([key, value]) => new List([key, value], true)));
}

export function capitalized(self: Text): Text {
  const first = self.slice(0, self.unitOf(1));
  return Text.join([first.map(titled), self.slice(first.value.length).map((rest) => rest.toLowerCase())]);
}

/** Python's splitlines. */
export function lines(self: Text): Text[] {
  const found: Text[] = [];
  let from = 0;
  for (const { index, 0: end } of self.value.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    found.push(self.slice(from, index));
    from = index + end.length;
  }
  return from < self.value.length ? [...found, self.slice(from)] : found;
}

function separatorOf(value: Value): string {
  const separator = text(value, "a separator").value;
  if (separator === "") throw new TemplateProblem("an empty separator");
  return separator;
}

function stripping(side: "both" | "left" | "right"): Method<Text> {
  return (self, args, budget) => {
    const [characters = null] = bind(args, "strip", ["chars"]);
    budget.spend(self.value.length / 64);
    return self.strip(side, characters === null ? null : text(characters, "characters to strip").value);
  };
}

function changing(change: (value: string) => string): Method<Text> {
  return (self, args, budget) => {
    none(args, "upper and lower");
    budget.spendText(self.value.length);
    return self.map(change);
  };
}

function touching(touches: (self: string, part: string) => boolean): Method<Text> {
  return (self, args, budget) => {
    const [part] = bind(args, "startswith and endswith", ["part"], 1);
    const parts = part instanceof List && part.isTuple ? itemsOf(part, budget) : [part!];
    return parts.some((one) => touches(self.value, text(one, "part of a str").value));
  };
}

function finding(find: (self: string, part: string) => number): Method<Text> {
  return (self, args, budget) => {
    const [part] = bind(args, "find", ["sub"], 1);
    budget.spend(self.value.length / 64);
    const unit = find(self.value, text(part!, "sub").value);
    return unit <= 0 ? unit : self.slice(0, unit).length;
  };
}

function removing(remove: (self: Text, part: string) => Text): Method<Text> {
  return (self, args) => {
    const [part] = bind(args, "removeprefix and removesuffix", ["part"], 1);
    return remove(self, text(part!, "part of a str").value);
  };
}

function asking(pattern: RegExp): Method<Text> {
  return (self, args, budget) => {
    none(args, "a question about a str");
    budget.spend(self.value.length / 64);
    return pattern.test(self.value);
  };
}

function cased(is: (value: string) => boolean): Method<Text> {
  return (self, args) => {
    none(args, "isupper and islower");
    const { value } = self;
    return is(value) && value.toLowerCase() !== value.toUpperCase();
  };
}
