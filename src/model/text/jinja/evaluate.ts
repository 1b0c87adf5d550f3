/** Computes the value of an expression. */
import type { Arguments, Arithmetic, Comparison, Expression } from "./ast.ts";
import { type Budget, TemplateProblem } from "./budget.ts";
import { type Context, filters } from "./filters.ts";
import { Text } from "./marked-text.ts";
import { method } from "./methods.ts";
import { str } from "./print.ts";
import type { Scope } from "./scope.ts";
import { joined } from "./strings.ts";
import { tests } from "./tests.ts";
import {
  type CallArguments,
  Callable,
  contains,
  Dict,
  equal,
  Float,
  integer,
  kindOf,
  List,
  Loop,
  Namespace,
  numberOf,
  order,
  slice,
  truth,
  Undefined,
  type Value,
} from "./values.ts";

export class Evaluator implements Context {
  readonly budget: Budget;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** @throws TemplateProblem for an operation that Python refuses, and when the budget is used up */
  evaluate(node: Expression, scope: Scope): Value {
    return this.budget.within(() => this.#value(node, scope));
  }

  #value(node: Expression, scope: Scope): Value {
    switch (node.kind) {
      case "constant":
        if (typeof node.value === "string") return new Text(node.value);
        return node.isFloat === true ? new Float(node.value as number) : node.value;
      case "name": {
        const value = scope.get(node.name);
        return value === undefined ? new Undefined(`'${node.name}' is undefined`) : value;
      }
      case "list":
        return new List(
          node.items.map((item) => this.evaluate(item, scope)),
          node.isTuple,
        );
      case "dict":
        return new Dict(
          node.entries.map(
            ([key, value]) => [this.evaluate(key, scope), this.evaluate(value, scope)] as const,
          ),
        );
      case "attribute":
        return this.#member(this.evaluate(node.of, scope), new Text(node.name), "attribute");
      case "item":
        return this.#member(this.evaluate(node.of, scope), this.evaluate(node.index, scope), "item");
      case "slice": {
        const bound = (part: Expression | null) => {
          const value = part === null ? null : this.evaluate(part, scope);
          return value === null ? null : integer(value, "a bound of a slice");
        };
        const bounds = { start: bound(node.start), stop: bound(node.stop), step: bound(node.step) ?? 1 };
        return slice(this.evaluate(node.of, scope), bounds, this.budget);
      }
      case "call": {
        const callee = this.evaluate(node.callee, scope);
        if (!(callee instanceof Callable)) throw new TemplateProblem(`a call of ${kindOf(callee)}`);
        return callee.call(this.arguments(node.args, scope));
      }
      case "filter":
        return this.filter(node.name, this.evaluate(node.of!, scope), this.arguments(node.args, scope));
      case "test":
        return this.test(node.name, this.evaluate(node.of, scope), this.arguments(node.args, scope));
      case "not":
        return !truth(this.evaluate(node.of, scope));
      case "negative":
      case "positive": {
        const sign = node.kind === "negative" ? -1 : 1;
        const value = this.evaluate(node.of, scope);
        return value instanceof Float ? new Float(sign * value.value) : sign * integer(value, "a number");
      }
      case "and": {
        const left = this.evaluate(node.left, scope);
        return truth(left) ? this.evaluate(node.right, scope) : left;
      }
      case "or": {
        const left = this.evaluate(node.left, scope);
        return truth(left) ? left : this.evaluate(node.right, scope);
      }
      case "arithmetic":
        return this.#calculate(
          node.operator,
          this.evaluate(node.left, scope),
          this.evaluate(node.right, scope),
        );
      case "concat": {
        const parts = node.parts.map((part) => str(this.evaluate(part, scope), this.budget));
        return joined(parts, new Text(""), this.budget);
      }
      case "compare": {
        let left = this.evaluate(node.first, scope);
        for (const { operator, right: of } of node.rest) {
          const right = this.evaluate(of, scope);
          if (!this.#compare(operator, left, right)) return false;
          left = right;
        }
        return true;
      }
      case "choice":
        if (truth(this.evaluate(node.test, scope))) return this.evaluate(node.then, scope);
        return node.otherwise === null
          ? new Undefined("a choice without else")
          : this.evaluate(node.otherwise, scope);
      default:
        return node satisfies never;
    }
  }

  arguments({ positional, named }: Arguments, scope: Scope): CallArguments {
    return {
      positional: positional.map((argument) => this.evaluate(argument, scope)),
      named: new Map(named.map(([name, argument]) => [name, this.evaluate(argument, scope)])),
    };
  }

  filter(name: string, value: Value, args: CallArguments): Value {
    this.budget.spend(1);
    const found = filters.get(name);
    if (found === undefined) throw new TemplateProblem(`the filter "${name}", which Fathom does not know`);
    return found(value, args, this);
  }

  test(name: string, value: Value, args: CallArguments): boolean {
    this.budget.spend(1);
    const found = tests.get(name);
    // Jinja also has the test `is filter`, which checks for a filter's name. Templates do not use it.
    if (found === undefined) throw new TemplateProblem(`the test "${name}", which Fathom does not know`);
    return found(value, args, this);
  }

  attribute(value: Value, path: Value): Value {
    if (!(path instanceof Text)) return this.#member(value, path, "item");
    const parts = path.value.split(".");
    return parts.reduce((of, part) => {
      const key = /^\d+$/.test(part) ? Number(part) : new Text(part);
      return this.#member(of, key, "item");
    }, value);
  }

  /** `of.key` looks for a method first, `of[key]` for an item first. Both then look for the other kind. */
  #member(of: Value, key: Value, first: "attribute" | "item"): Value {
    if (of instanceof Undefined) throw new TemplateProblem(of.problem);
    const item = () => {
      if (of instanceof Dict) return of.get(key);
      if (of instanceof List || of instanceof Text) {
        const at = numberOf(key);
        if (at === null || key instanceof Float) return undefined;
        if (of instanceof List) return of.items.at(at);
        this.budget.spend(of.value.length / 16);
        const length = of.length;
        const from = at < 0 ? at + length : at;
        if (from < 0 || from >= length) return undefined;
        return of.slice(of.unitOf(from), of.unitOf(from + 1));
      }
      return undefined;
    };
    const attribute = () => (key instanceof Text ? this.#attribute(of, key.value) : undefined);
    const [now, later] = first === "item" ? [item, attribute] : [attribute, item];
    const found = now();
    const other = found === undefined || found instanceof Undefined ? later() : undefined;
    const value = other === undefined ? found : other;
    const name = key instanceof Text ? `'${key.value}'` : "an item";
    return value === undefined ? new Undefined(`${kindOf(of)} has no ${name}`) : value;
  }

  #attribute(of: Value, name: string): Value | undefined {
    // As in Jinja's sandbox, such a name prints an empty text, and every other use of it fails.
    if (name.startsWith("_")) return new Undefined(`the attribute "${name}" is out of a template's reach`);
    if (of instanceof Namespace) return of.attributes.get(name);
    if (of instanceof Loop) return this.#loop(of, name);
    return method(of, name, this.budget) ?? undefined;
  }

  #loop(loop: Loop, name: string): Value | undefined {
    const { items, index } = loop;
    switch (name) {
      case "index":
        return index + 1;
      case "index0":
        return index;
      case "revindex":
        return items.length - index;
      case "revindex0":
        return items.length - index - 1;
      case "first":
        return index === 0;
      case "last":
        return index === items.length - 1;
      case "length":
        return items.length;
      case "depth":
        return 1;
      case "depth0":
        return 0;
      case "previtem":
        return index > 0 ? items[index - 1] : new Undefined("there is no previous item");
      case "nextitem":
        return index + 1 < items.length ? items[index + 1] : new Undefined("there is no next item");
      case "cycle":
        return new Callable("cycle", ({ positional }) => {
          if (positional.length === 0) throw new TemplateProblem("a cycle without items");
          return positional[index % positional.length]!;
        });
      case "changed":
        return new Callable("changed", ({ positional }) => {
          const now = new List(positional, true);
          const before = loop.memory.last;
          loop.memory.last = now;
          return before === null || !equal(before, now, this.budget);
        });
      default:
        return undefined;
    }
  }

  #compare(operator: Comparison, left: Value, right: Value): boolean {
    switch (operator) {
      case "==":
        return equal(left, right, this.budget);
      case "!=":
        return !equal(left, right, this.budget);
      case "in":
        return contains(right, left, this.budget);
      case "not in":
        return !contains(right, left, this.budget);
      case "<":
        return order(left, right, this.budget) < 0;
      case "<=":
        return order(left, right, this.budget) <= 0;
      case ">":
        return order(left, right, this.budget) > 0;
      case ">=":
        return order(left, right, this.budget) >= 0;
      default:
        return operator satisfies never;
    }
  }

  #calculate(operator: Arithmetic, left: Value, right: Value): Value {
    const [a, b] = [numberOf(left), numberOf(right)];
    if (a !== null && b !== null)
      return calculate(operator, a, b, left instanceof Float || right instanceof Float);
    if (operator === "+") {
      if (left instanceof Text && right instanceof Text)
        return joined([left, right], new Text(""), this.budget);
      if (left instanceof List && right instanceof List && left.isTuple === right.isTuple) {
        this.budget.spend(left.items.length + right.items.length);
        return new List([...left.items, ...right.items], left.isTuple);
      }
    }
    if (operator === "*") {
      const [of, times] = b === null ? [right, left] : [left, right];
      if ((of instanceof Text || of instanceof List) && numberOf(times) !== null)
        return this.#repeat(of, Math.max(integer(times, "a number of repeats"), 0));
    }
    throw new TemplateProblem(`${kindOf(left)} ${operator} ${kindOf(right)}`);
  }

  #repeat(of: Text | List, times: number): Value {
    if (of instanceof Text) {
      this.budget.spend(times);
      return joined(Array<Text>(times).fill(of), new Text(""), this.budget);
    }
    this.budget.spend(of.items.length * times + times);
    return new List(Array<readonly Value[]>(times).fill(of.items).flat(), of.isTuple);
  }
}

function calculate(operator: Arithmetic, a: number, b: number, isFloat: boolean): Value {
  const divides = operator === "/" || operator === "//" || operator === "%";
  if (divides && b === 0) throw new TemplateProblem("a division by zero");
  let result: number;
  switch (operator) {
    case "+":
      result = a + b;
      break;
    case "-":
      result = a - b;
      break;
    case "*":
      result = a * b;
      break;
    case "/":
      return new Float(a / b);
    case "//":
      result = Math.floor(a / b);
      break;
    case "%":
      result = a - b * Math.floor(a / b);
      break;
    case "**":
      result = a ** b;
      if (b < 0) return new Float(result);
      break;
    default:
      return operator satisfies never;
  }
  if (isFloat) return new Float(result);
  if (!Number.isSafeInteger(result)) throw new TemplateProblem("an integer above 2^53");
  return result;
}
