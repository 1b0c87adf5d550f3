/**
 * Parses tokens to statements. expressions.ts parses expressions.
 * Blocks that chat templates do not use are refused by name.
 */
import type { Expression, Parameters, Statement, Target } from "./ast.ts";
import { constants, ExpressionParser } from "./expressions.ts";
import { tokenize } from "./lexer.ts";

/** @throws TemplateProblem naming the line */
export function parse(source: string): Statement[] {
  const parser = new Parser(tokenize(source));
  return parser.body([]);
}

class Parser extends ExpressionParser {
  /** Number of loops around the current place. break and continue need one. */
  #loops = 0;

  /**
   * Parses statements up to a block with one of these names, which is not consumed. An empty list means up to the end.
   */
  body(ends: readonly string[]): Statement[] {
    return this.nested(() => {
      const statements: Statement[] = [];
      for (;;) {
        const { kind, value, line } = this.token;
        if (kind === "end") {
          if (ends.length === 0) return statements;
          this.fail(`no ${ends.join(" or ")}`);
        }
        if (kind === "text") {
          this.next();
          statements.push({ kind: "text", text: value, line });
        } else if (kind === "open output") {
          this.next();
          statements.push({ kind: "output", value: this.tuple(), line });
          this.expect("close output");
        } else {
          this.expect("open block");
          if (this.token.kind === "name" && ends.includes(this.token.value)) return statements;
          statements.push(this.#statement(line));
        }
      }
    });
  }

  #statement(line: number): Statement {
    const tag = this.name();
    switch (tag) {
      case "if":
        return { ...this.#if(), line };
      case "for":
        return { ...this.#for(), line };
      case "set":
        return { ...this.#set(), line };
      case "filter": {
        const filter = this.filters(null);
        return { kind: "filter block", filter, body: this.#block("endfilter"), line };
      }
      case "with": {
        const values: [Target, Expression][] = [];
        while (this.token.kind !== "close block") {
          if (values.length > 0) this.operator(",");
          const target = this.#target(false);
          this.operator("=");
          values.push([target, this.expression()]);
        }
        return { kind: "with", values, body: this.#block("endwith"), line };
      }
      case "macro": {
        const name = this.name();
        const parameters = this.#parameters();
        return { kind: "macro", name, parameters, body: this.#function("endmacro"), line };
      }
      case "call": {
        const parameters = this.is("(") ? this.#parameters() : { names: [], defaults: [] };
        const call = this.expression();
        if (call.kind !== "call") this.fail("no call in a call block");
        return { kind: "call block", call, parameters, body: this.#function("endcall"), line };
      }
      case "generation":
        return { kind: "generation", body: this.#function("endgeneration"), line };
      case "break":
      case "continue":
        if (this.#loops === 0) this.fail(`${tag} outside of a loop`);
        this.expect("close block");
        return { kind: tag, line };
      default:
        return this.fail(`a block "${tag}", which Fathom does not know`);
    }
  }

  /** Parses the rest of the opening tag, the body and the closing tag. */
  #block(end: string): Statement[] {
    this.expect("close block");
    const body = this.body([end]);
    this.name();
    this.expect("close block");
    return body;
  }

  /** Parses a body that is its own function: break and continue in it do not belong to a loop around it. */
  #function(end: string): Statement[] {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#block(end);
    this.#loops = loops;
    return body;
  }

  #if() {
    const branches: { test: Expression; body: Statement[] }[] = [];
    for (;;) {
      const test = this.tuple();
      this.expect("close block");
      branches.push({ test, body: this.body(["elif", "else", "endif"]) });
      const end = this.name();
      if (end === "elif") continue;
      const otherwise = this.#otherwise(end, "endif");
      return { kind: "if" as const, branches, otherwise };
    }
  }

  /** Parses the rest after a body that ended with else or with the end of the block. */
  #otherwise(found: string, end: string): Statement[] {
    if (found === "else") return this.#block(end);
    this.expect("close block");
    return [];
  }

  #for() {
    const target = this.#target(false, true);
    this.keyword("in");
    const over = this.tuple(false);
    const filter = this.skipName("if") ? this.expression() : null;
    if (this.token.kind === "name") this.fail(`a loop that is ${this.token.value}`);
    this.expect("close block");
    this.#loops++;
    const body = this.body(["endfor", "else"]);
    this.#loops--;
    const otherwise = this.#otherwise(this.name(), "endfor");
    return { kind: "for" as const, target, over, filter, body, otherwise };
  }

  #set() {
    const target = this.#target(true);
    if (this.skip("=")) {
      const value = this.tuple();
      this.expect("close block");
      return { kind: "set" as const, target, value };
    }
    const filter = this.is("|") ? this.filters(null) : null;
    return { kind: "set block" as const, target, filter, body: this.#block("endset") };
  }

  #target(mayBeNamespace: boolean, endsWithIn = false): Target {
    const first = this.#oneTarget(mayBeNamespace);
    if (!this.is(",")) return first;
    const targets = [first];
    while (this.skip(",")) {
      if (this.is("=") || (endsWithIn && this.isName("in"))) break;
      targets.push(this.#oneTarget(mayBeNamespace));
    }
    return { kind: "targets", targets };
  }

  #oneTarget(mayBeNamespace: boolean): Target {
    if (this.skip("(")) {
      const inside = this.nested(() => this.#target(mayBeNamespace));
      this.operator(")");
      return inside;
    }
    const name = this.name();
    if (constants.has(name)) this.fail(`an assignment to ${name}`);
    if (mayBeNamespace && this.skip(".")) return { kind: "namespace", name, attribute: this.name() };
    return { kind: "name", name };
  }

  #parameters(): Parameters {
    const names: string[] = [];
    const defaults: Expression[] = [];
    this.operator("(");
    while (!this.skip(")")) {
      if (names.length > 0) this.operator(",");
      names.push(this.name());
      if (this.skip("=")) defaults.push(this.expression());
      else if (defaults.length > 0) this.fail("a parameter without a default after one with a default");
    }
    return { names, defaults };
  }
}
