/** Runs statements and collects the text that a template writes. */

import { bind } from "./arguments.ts";
import type { Expression, Parameters, Statement, Target } from "./ast.ts";
import { type Budget, limits, TemplateProblem } from "./budget.ts";
import { Evaluator } from "./evaluate.ts";
import { Text } from "./marked-text.ts";
import { str } from "./print.ts";
import { Scope } from "./scope.ts";
import { strftime } from "./strftime.ts";
import { joined } from "./strings.ts";
import {
  Callable,
  Dict,
  integer,
  itemsOf,
  kindOf,
  List,
  Loop,
  Namespace,
  text,
  truth,
  Undefined,
  type Value,
} from "./values.ts";

/** How a list of statements ended. break and continue unwind to their loop. */
type Ending = "through" | "break" | "continue";

export class Renderer {
  readonly #budget: Budget;
  readonly #evaluator: Evaluator;
  readonly #day: string | undefined;

  /** @param day the day that strftime_now gives, YYYY-MM-DD */
  constructor(budget: Budget, day?: string) {
    this.#budget = budget;
    this.#day = day;
    this.#evaluator = new Evaluator(budget);
  }

  /** @throws TemplateProblem */
  render(body: readonly Statement[], variables: ReadonlyMap<string, Value>): Text {
    const scope = new Scope(this.#globals());
    for (const [name, value] of variables) scope.set(name, value);
    return this.#captured(body, scope);
  }

  #captured(body: readonly Statement[], scope: Scope): Text {
    const out: Text[] = [];
    this.#run(body, scope, out);
    return joined(out, new Text(""), this.#budget);
  }

  #run(body: readonly Statement[], scope: Scope, out: Text[]): Ending {
    return this.#budget.within(() => {
      for (const statement of body) {
        this.#budget.spend(1);
        const ending = this.#statement(statement, scope, out);
        if (ending !== "through") return ending;
      }
      return "through";
    });
  }

  #statement(node: Statement, scope: Scope, out: Text[]): Ending {
    const value = (expression: Expression) => this.#evaluator.evaluate(expression, scope);
    const write = (written: Text) => {
      this.#budget.spendText(written.value.length);
      out.push(written);
    };
    switch (node.kind) {
      case "text":
        write(new Text(node.text));
        return "through";
      case "output":
        write(str(value(node.value), this.#budget));
        return "through";
      case "if": {
        const branch = node.branches.find(({ test }) => truth(value(test)));
        return this.#run(branch?.body ?? node.otherwise, scope, out);
      }
      case "for":
        return this.#for(node, scope, out);
      case "set":
        this.#assign(node.target, value(node.value), scope);
        return "through";
      case "set block": {
        const written = this.#captured(node.body, new Scope(scope));
        this.#assign(node.target, this.#filtered(node.filter, written, scope), scope);
        return "through";
      }
      case "filter block": {
        const written = this.#captured(node.body, new Scope(scope));
        write(str(this.#filtered(node.filter, written, scope), this.#budget));
        return "through";
      }
      case "with": {
        const inner = new Scope(scope);
        for (const [target, of] of node.values) this.#assign(target, value(of), inner);
        return this.#run(node.body, inner, out);
      }
      case "macro":
        scope.set(node.name, this.#macro(node.name, node.parameters, node.body, scope));
        return "through";
      case "call block": {
        if (node.call.kind !== "call") throw new TemplateProblem("no call in a call block");
        const caller = this.#macro("caller", node.parameters, node.body, scope);
        const callee = value(node.call.callee);
        if (!(callee instanceof Callable)) throw new TemplateProblem(`a call of ${kindOf(callee)}`);
        const { positional, named } = this.#evaluator.arguments(node.call.args, scope);
        write(str(callee.call({ positional, named: new Map([...named, ["caller", caller]]) }), this.#budget));
        return "through";
      }
      case "generation":
        write(this.#captured(node.body, new Scope(scope)));
        return "through";
      case "break":
      case "continue":
        return node.kind;
      default:
        return node satisfies never;
    }
  }

  #for(node: Extract<Statement, { kind: "for" }>, scope: Scope, out: Text[]): Ending {
    const all = itemsOf(this.#evaluator.evaluate(node.over, scope), this.#budget);
    const chosen = all.filter((item) => {
      if (node.filter === null) return true;
      const inner = new Scope(scope);
      this.#assign(node.target, item, inner);
      return truth(this.#evaluator.evaluate(node.filter, inner));
    });
    if (chosen.length === 0) return this.#run(node.otherwise, new Scope(scope), out);
    const memory = { last: null };
    for (const [index, item] of chosen.entries()) {
      this.#budget.spend(1);
      const round = new Scope(scope);
      round.set("loop", new Loop(chosen, index, memory));
      this.#assign(node.target, item, round);
      if (this.#run(node.body, round, out) === "break") break;
    }
    return "through";
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") scope.set(target.name, value);
    else if (target.kind === "namespace") {
      const namespace = scope.get(target.name);
      if (!(namespace instanceof Namespace))
        throw new TemplateProblem(
          `an assignment to an attribute of ${target.name}, which is not a namespace`,
        );
      this.#store(namespace, target.attribute, value);
    } else {
      const items = itemsOf(value, this.#budget);
      if (items.length !== target.targets.length)
        throw new TemplateProblem(`${items.length} values for ${target.targets.length} names`);
      target.targets.forEach((one, i) => this.#assign(one, items[i]!, scope));
    }
  }

  #store(namespace: Namespace, name: string, value: Value): void {
    if (name.startsWith("_"))
      throw new TemplateProblem(`the attribute "${name}", which is out of a template's reach`);
    namespace.attributes.set(name, value);
  }

  #filtered(filter: Expression | null, body: Text, scope: Scope): Value {
    if (filter === null) return body;
    if (filter.kind !== "filter") throw new TemplateProblem("a block with something other than filters");
    const of = filter.of === null ? body : this.#filtered(filter.of, body, scope);
    return this.#evaluator.filter(filter.name, of, this.#evaluator.arguments(filter.args, scope));
  }

  #macro(name: string, { names, defaults }: Parameters, body: readonly Statement[], scope: Scope): Callable {
    return new Callable(name, ({ positional, named }) => {
      const inner = new Scope(scope);
      const own = new Map(named);
      own.delete("caller");
      inner.set("caller", named.get("caller") ?? new Undefined("no call block called the macro"));
      const given = bind({ positional, named: own }, name, names);
      given.forEach((argument, i) => {
        const fallback = defaults[i - (names.length - defaults.length)];
        const missing = () =>
          fallback === undefined
            ? new Undefined(`parameter '${names[i]!}' was not given`)
            : this.#evaluator.evaluate(fallback, inner);
        inner.set(names[i]!, argument === undefined ? missing() : argument);
      });
      return this.#captured(body, inner);
    });
  }

  #globals(): Scope {
    const scope = new Scope(null);
    const define = (name: string, call: Callable["call"]) => {
      scope.set(name, new Callable(name, call));
    };
    define("range", (args) => {
      const given = bind(args, "range", ["start", "stop", "step"], 1).filter((bound) => bound !== undefined);
      const bounds = given.map((bound) => integer(bound, "a bound of a range"));
      const [start, stop, step = 1] =
        bounds.length === 1 ? [0, bounds[0]!] : [bounds[0]!, bounds[1]!, bounds[2]];
      if (step === 0) throw new TemplateProblem("a range with a step of 0");
      const length = Math.max(0, Math.ceil((stop - start) / step));
      if (length > limits.range) throw new TemplateProblem(`a range of ${length} (at most ${limits.range})`);
      this.#budget.spend(length);
      return new List(Array.from({ length }, (_, i) => start + i * step));
    });
    define("namespace", ({ positional, named }) => {
      const namespace = new Namespace();
      for (const given of positional) {
        if (!(given instanceof Dict)) throw new TemplateProblem(`a namespace of ${kindOf(given)}`);
        for (const [key, value] of given.entries.values())
          this.#store(namespace, text(key, "a name").value, value);
      }
      for (const [name, value] of named) this.#store(namespace, name, value);
      return namespace;
    });
    define("dict", ({ positional, named }) => {
      const entries = positional.flatMap((given) => {
        if (!(given instanceof Dict)) throw new TemplateProblem(`a dict of ${kindOf(given)}`);
        return [...given.entries.values()];
      });
      return new Dict([
        ...entries,
        ...Array.from(named, ([name, value]) => [new Text(name), value] as const),
      ]);
    });
    define("raise_exception", (args) => {
      const [message] = bind(args, "raise_exception", ["message"], 1);
      throw new TemplateProblem(str(message!, this.#budget).value);
    });
    define("strftime_now", (args) => {
      const [format] = bind(args, "strftime_now", ["format"], 1);
      return new Text(strftime(text(format!, "a date format").value, this.#day));
    });
    return scope;
  }
}
