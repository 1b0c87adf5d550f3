/** Parses expressions with the operator precedence of Jinja 3.1. Filters and tests bind tighter than any operator. */
import type { Arguments, Arithmetic, Comparison, Expression } from "./ast.ts";
import { limits, TemplateProblem } from "./budget.ts";
import type { Token } from "./lexer.ts";

export const constants: ReadonlyMap<string, null | boolean> = new Map<string, null | boolean>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);
const comparisons = new Set(["==", "!=", "<", "<=", ">", ">="]);

export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#at]!;
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  fail(found: string): never {
    throw new TemplateProblem(`${found} in line ${this.token.line}`);
  }

  expect(kind: Token["kind"]): Token {
    if (this.token.kind !== kind) this.fail(`${describe(this.token)} where ${kind} is expected`);
    return this.next();
  }

  is(value: string): boolean {
    return this.token.kind === "operator" && this.token.value === value;
  }

  skip(value: string): boolean {
    if (!this.is(value)) return false;
    this.next();
    return true;
  }

  operator(value: string): void {
    if (!this.skip(value)) this.fail(`${describe(this.token)} where ${value} is expected`);
  }

  name(): string {
    return this.expect("name").value;
  }

  isName(...names: string[]): boolean {
    return this.token.kind === "name" && names.includes(this.token.value);
  }

  skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.next();
    return true;
  }

  keyword(name: string): void {
    if (!this.skipName(name)) this.fail(`${describe(this.token)} where ${name} is expected`);
  }

  nested<T>(read: () => T): T {
    if (++this.#depth > limits.nesting) this.fail(`more than ${limits.nesting} levels of nesting`);
    const result = read();
    this.#depth--;
    return result;
  }

  /** Parses an expression, or several with commas between them. */
  tuple(mayChoose = true): Expression {
    const one = () => (mayChoose ? this.expression() : this.#or());
    const first = one();
    if (!this.is(",")) return first;
    const items = [first];
    while (this.skip(",")) {
      if (["close block", "close output"].includes(this.token.kind) || this.is(")")) break;
      items.push(one());
    }
    return { kind: "list", items, isTuple: true };
  }

  expression(): Expression {
    return this.nested(() => {
      let value = this.#or();
      while (this.skipName("if")) {
        const test = this.#or();
        const otherwise = this.skipName("else") ? this.expression() : null;
        value = { kind: "choice", test, then: value, otherwise };
      }
      return value;
    });
  }

  #or(): Expression {
    return this.#chain(
      () =>
        this.#chain(
          () => this.#not(),
          () => this.skipName("and"),
          "and",
        ),
      () => this.skipName("or"),
      "or",
    );
  }

  #chain(operand: () => Expression, skip: () => boolean, kind: "and" | "or"): Expression {
    let left = operand();
    while (skip()) left = { kind, left, right: operand() };
    return left;
  }

  #not(): Expression {
    if (this.skipName("not")) return this.nested(() => ({ kind: "not", of: this.#not() }));
    return this.#comparison();
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: { operator: Comparison; right: Expression }[] = [];
    for (;;) {
      let operator: Comparison;
      if (this.token.kind === "operator" && comparisons.has(this.token.value))
        operator = this.next().value as Comparison;
      else if (this.skipName("in")) operator = "in";
      else if (this.isName("not") && this.#tokens[this.#at + 1]?.value === "in") {
        this.next();
        this.next();
        operator = "not in";
      } else break;
      rest.push({ operator, right: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest };
  }

  #sum(): Expression {
    return this.#arithmetic(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const parts = [this.#product()];
    while (this.skip("~")) parts.push(this.#product());
    return parts.length === 1 ? parts[0]! : { kind: "concat", parts };
  }

  #product(): Expression {
    return this.#arithmetic(["*", "/", "//", "%"], () => this.#arithmetic(["**"], () => this.#unary(true)));
  }

  #arithmetic(operators: readonly Arithmetic[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => this.is(one));
      if (operator === undefined) return left;
      this.next();
      left = { kind: "arithmetic", operator, left, right: operand() };
    }
  }

  #unary(filtered: boolean): Expression {
    return this.nested(() => {
      let value: Expression;
      if (this.skip("-")) value = { kind: "negative", of: this.#unary(false) };
      else if (this.skip("+")) value = { kind: "positive", of: this.#unary(false) };
      else value = this.#primary();
      value = this.#postfix(value);
      return filtered ? this.filters(value) : value;
    });
  }

  #primary(): Expression {
    const { kind, value } = this.token;
    if (kind === "name") {
      this.next();
      const constant = constants.get(value);
      return constant === undefined ? { kind: "name", name: value } : { kind: "constant", value: constant };
    }
    if (kind === "string") {
      let text = "";
      while (this.token.kind === "string") text += this.next().value;
      return { kind: "constant", value: text };
    }
    if (kind === "integer" || kind === "float") {
      this.next();
      const number = Number(value);
      if (kind === "integer" && !Number.isSafeInteger(number)) this.fail(`the integer ${value}`);
      return { kind: "constant", value: number, isFloat: kind === "float" };
    }
    if (this.skip("(")) {
      if (this.skip(")")) return { kind: "list", items: [], isTuple: true };
      const inner = this.tuple();
      this.operator(")");
      return inner;
    }
    if (this.skip("[")) return { kind: "list", items: this.#items("]"), isTuple: false };
    if (this.skip("{")) return this.#dict();
    return this.fail(describe(this.token));
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.skip(end)) {
      if (items.length > 0) {
        this.operator(",");
        if (this.skip(end)) break;
      }
      items.push(this.expression());
    }
    return items;
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.skip("}")) {
      if (entries.length > 0) {
        this.operator(",");
        if (this.skip("}")) break;
      }
      const key = this.expression();
      this.operator(":");
      entries.push([key, this.expression()]);
    }
    return { kind: "dict", entries };
  }

  #postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      if (this.skip(".")) {
        if (this.token.kind === "integer") {
          const index = Number(this.next().value);
          value = { kind: "item", of: value, index: { kind: "constant", value: index } };
        } else value = { kind: "attribute", of: value, name: this.name() };
      } else if (this.skip("[")) value = this.#subscript(value);
      else if (this.is("(")) value = { kind: "call", callee: value, args: this.#arguments() };
      else return value;
    }
  }

  #subscript(of: Expression): Expression {
    const parts: (Expression | null)[] = [];
    let isSlice = false;
    for (;;) {
      parts.push(this.is(":") || this.is("]") ? null : this.expression());
      if (!this.skip(":")) break;
      isSlice = true;
    }
    if (!isSlice) {
      if (parts[0] === null) this.fail("an empty index");
      if (this.is(",")) this.fail("an index of several parts");
      this.operator("]");
      return { kind: "item", of, index: parts[0]! };
    }
    this.operator("]");
    if (parts.length > 3) this.fail("a slice of more than three parts");
    const [start = null, stop = null, step = null] = parts;
    return { kind: "slice", of, start, stop, step };
  }

  #arguments(): Arguments {
    const args: Arguments = { positional: [], named: [] };
    this.operator("(");
    for (let first = true; !this.skip(")"); first = false) {
      if (!first) {
        this.operator(",");
        if (this.skip(")")) break;
      }
      if (this.is("*") || this.is("**")) this.fail("an unpacked argument, which Fathom does not know");
      const following = this.#tokens[this.#at + 1];
      if (this.token.kind === "name" && following?.kind === "operator" && following.value === "=") {
        const name = this.name();
        this.operator("=");
        args.named.push([name, this.expression()]);
      } else if (args.named.length > 0) this.fail("a positional argument after a named one");
      else args.positional.push(this.expression());
    }
    return args;
  }

  /**
   * Parses filters, tests and calls after a value.
   * null stands for the body of a block, which needs at least one filter.
   */
  filters(of: Expression | null): Expression {
    let value = of;
    if (value === null) {
      this.skip("|");
      value = { kind: "filter", of: null, name: this.#dotted(), args: this.#optionalArguments() };
    }
    for (;;) {
      if (this.skip("|"))
        value = { kind: "filter", of: value, name: this.#dotted(), args: this.#optionalArguments() };
      else if (of !== null && this.skipName("is")) value = this.#test(value);
      else if (of !== null && this.is("(")) value = { kind: "call", callee: value, args: this.#arguments() };
      else return value;
    }
  }

  #dotted(): string {
    let name = this.name();
    while (this.skip(".")) name += `.${this.name()}`;
    return name;
  }

  #optionalArguments(): Arguments {
    return this.is("(") ? this.#arguments() : { positional: [], named: [] };
  }

  #test(of: Expression): Expression {
    const negated = this.skipName("not");
    const name = this.#dotted();
    let args = this.#optionalArguments();
    if (args.positional.length + args.named.length === 0 && this.#startsOperand()) {
      if (this.isName("is")) this.fail("a test of a test");
      args = { positional: [this.#postfix(this.#primary())], named: [] };
    }
    const test: Expression = { kind: "test", of, name, args };
    return negated ? { kind: "not", of: test } : test;
  }

  #startsOperand(): boolean {
    const { kind } = this.token;
    if (kind === "name") return !this.isName("else", "or", "and", "if", "in", "not");
    return kind === "string" || kind === "integer" || kind === "float" || this.is("[") || this.is("{");
  }
}

function describe({ kind, value }: Token): string {
  if (kind === "end") return "the end of the template";
  return kind === "operator" || kind === "name" ? `"${value}"` : `a ${kind}`;
}
