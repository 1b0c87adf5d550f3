/** The Python values that a template can have, and Python's operations on all of them: truth, equality, order. */
import { type Budget, TemplateProblem } from "./budget.ts";
import { Text } from "./marked-text.ts";

/** A JavaScript number is a Python int. Floats have their own class, because 2.0 prints differently from 2. */
export type Value =
  | null
  | boolean
  | number
  | Float
  | Text
  | Safe
  | List
  | Dict
  | Namespace
  | Loop
  | Callable
  | Undefined;

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** The result of the filter `safe`. It can only be printed: in Jinja, text that is added to it is escaped. */
export class Safe {
  readonly text: Text;
  constructor(text: Text) {
    this.text = text;
  }
}

export class List {
  readonly items: readonly Value[];
  readonly isTuple: boolean;
  constructor(items: readonly Value[], isTuple = false) {
    this.items = items;
    this.isTuple = isTuple;
  }
}

export class Dict {
  /** By the key's identity, which `keyOf` gives. */
  readonly entries: ReadonlyMap<string, readonly [key: Value, value: Value]>;

  constructor(entries: Iterable<readonly [key: Value, value: Value]>) {
    const map = new Map<string, readonly [Value, Value]>();
    for (const [key, value] of entries) {
      const known = map.get(keyOf(key));
      map.set(keyOf(key), [known === undefined ? key : known[0], value]);
    }
    this.entries = map;
  }

  get(key: Value): Value | undefined {
    return this.entries.get(keyOf(key))?.[1];
  }

  get keys(): Value[] {
    return Array.from(this.entries.values(), ([key]) => key);
  }
}

export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** The variable `loop`. */
export class Loop {
  readonly items: readonly Value[];
  readonly index: number;
  /** The last arguments of `changed`. All rounds of the loop share it. */
  readonly memory: { last: Value | null };

  constructor(items: readonly Value[], index: number, memory: { last: Value | null }) {
    this.items = items;
    this.index = index;
    this.memory = memory;
  }
}

export interface CallArguments {
  positional: readonly Value[];
  named: ReadonlyMap<string, Value>;
}

export class Callable {
  readonly name: string;
  readonly call: (args: CallArguments) => Value;
  constructor(name: string, call: (args: CallArguments) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** A missing name or attribute. It prints an empty text, and every other use of it fails. */
export class Undefined {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

function keyOf(key: Value): string {
  if (key instanceof Text) return `text ${key.value}`;
  const number = numberOf(key);
  if (number !== null) return `number ${number}`;
  if (key === null) return "none";
  if (key instanceof List && key.isTuple) return `tuple ${JSON.stringify(key.items.map(keyOf))}`;
  throw new TemplateProblem(`${kindOf(key)} as a key`);
}

/** Python's name for the kind of a value, for messages. */
export function kindOf(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return "a bool";
  if (typeof value === "number") return "an int";
  if (value instanceof Float) return "a float";
  if (value instanceof Text) return "a str";
  if (value instanceof List) return value.isTuple ? "a tuple" : "a list";
  if (value instanceof Dict) return "a dict";
  if (value instanceof Undefined) return `undefined (${value.problem})`;
  if (value instanceof Callable) return `the function ${value.name}`;
  return `a ${value.constructor.name.toLowerCase()}`;
}

/** Ints, floats and bools as numbers; null for all other values. */
export function numberOf(value: Value): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return value instanceof Float ? value.value : null;
}

/** @throws TemplateProblem unless the value is an int or a bool */
export function integer(value: Value, what: string): number {
  const number = value instanceof Float ? null : numberOf(value);
  if (number === null) throw new TemplateProblem(`${kindOf(value)} as ${what}`);
  return number;
}

/** @throws TemplateProblem unless the value is a str */
export function text(value: Value, what: string): Text {
  if (value instanceof Text) return value;
  throw new TemplateProblem(`${kindOf(value)} as ${what}`);
}

export function truth(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  const number = numberOf(value);
  if (number !== null) return number !== 0;
  if (value instanceof Text) return value.value !== "";
  if (value instanceof Safe) return value.text.value !== "";
  if (value instanceof List) return value.items.length > 0;
  if (value instanceof Dict) return value.entries.size > 0;
  return true;
}

/** The items of a value that a loop goes through. @throws TemplateProblem when the value is not iterable */
export function itemsOf(value: Value, budget: Budget): readonly Value[] {
  let items: readonly Value[];
  if (value instanceof List) items = value.items;
  else if (value instanceof Text) {
    budget.spend(value.value.length);
    items = value.characters();
  } else if (value instanceof Dict) items = value.keys;
  else if (value instanceof Undefined) items = [];
  else throw new TemplateProblem(`a loop over ${kindOf(value)}`);
  budget.spend(items.length);
  return items;
}

export function equal(left: Value, right: Value, budget: Budget): boolean {
  budget.spend(1);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null || b !== null) return a === b;
  if (left instanceof Text) return right instanceof Text && left.value === right.value;
  if (left instanceof List)
    return (
      right instanceof List &&
      left.isTuple === right.isTuple &&
      left.items.length === right.items.length &&
      left.items.every((item, i) => equal(item, right.items[i]!, budget))
    );
  if (left instanceof Dict)
    return (
      right instanceof Dict &&
      left.entries.size === right.entries.size &&
      [...left.entries].every(([key, [, value]]) => {
        const other = right.entries.get(key);
        return other !== undefined && equal(value, other[1], budget);
      })
    );
  if (left instanceof Undefined) return right instanceof Undefined;
  return left === right;
}

/** Negative when left comes first. @throws TemplateProblem for values that Python cannot order */
export function order(left: Value, right: Value, budget: Budget): number {
  budget.spend(1);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null && b !== null) return a - b;
  if (left instanceof Text && right instanceof Text) return orderOfTexts(left.value, right.value);
  if (left instanceof List && right instanceof List && left.isTuple === right.isTuple) {
    for (let i = 0; i < Math.min(left.items.length, right.items.length); i++)
      if (!equal(left.items[i]!, right.items[i]!, budget))
        return order(left.items[i]!, right.items[i]!, budget);
    return left.items.length - right.items.length;
  }
  throw new TemplateProblem(`a comparison of ${kindOf(left)} with ${kindOf(right)}`);
}

/** Orders by code points, as Python does; JavaScript compares UTF-16 units. */
function orderOfTexts(left: string, right: string): number {
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at++;
  if (at > 0 && /[\udc00-\udfff]/.test((left[at] ?? "") + (right[at] ?? ""))) at--;
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1);
}

export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (container instanceof Text) return container.value.includes(text(item, "part of a str").value);
  if (container instanceof Dict) return container.get(item) !== undefined;
  if (container instanceof List || container instanceof Undefined)
    return itemsOf(container, budget).some((one) => equal(one, item, budget));
  throw new TemplateProblem(`membership in ${kindOf(container)}`);
}

/** A Python slice. */
export function slice(
  of: Value,
  bounds: { start: number | null; stop: number | null; step: number },
  budget: Budget,
): Value {
  if (bounds.step === 0) throw new TemplateProblem("a slice with a step of 0");
  if (of instanceof Undefined) throw new TemplateProblem(of.problem);
  if (!(of instanceof Text || of instanceof List)) throw new TemplateProblem(`a slice of ${kindOf(of)}`);
  budget.spend(of instanceof Text ? of.value.length / 16 : of.items.length);
  const length = of instanceof Text ? of.length : of.items.length;
  const forward = bounds.step > 0;
  const clamp = (at: number | null, missing: number) => {
    if (at === null) return missing;
    const from = at < 0 ? at + length : at;
    return Math.max(forward ? 0 : -1, Math.min(from, forward ? length : length - 1));
  };
  const start = clamp(bounds.start, forward ? 0 : length - 1);
  const stop = clamp(bounds.stop, forward ? length : -1);
  if (of instanceof Text && bounds.step === 1)
    return stop <= start ? new Text("") : of.slice(of.unitOf(start), of.unitOf(stop));
  const items = of instanceof Text ? of.characters() : of.items;
  const chosen: Value[] = [];
  for (let i = start; forward ? i < stop : i > stop; i += bounds.step) chosen.push(items[i]!);
  return of instanceof Text ? Text.join(chosen as Text[]) : new List(chosen, of.isTuple);
}
