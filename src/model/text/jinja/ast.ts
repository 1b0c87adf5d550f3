/** The syntax tree of a template: the part of Jinja that chat templates use, with Transformers' settings. */

export type Expression =
  | { kind: "constant"; value: null | boolean | number | string; isFloat?: boolean }
  | { kind: "name"; name: string }
  | { kind: "list"; items: Expression[]; isTuple: boolean }
  | { kind: "dict"; entries: [key: Expression, value: Expression][] }
  | { kind: "attribute"; of: Expression; name: string }
  | { kind: "item"; of: Expression; index: Expression }
  | {
      kind: "slice";
      of: Expression;
      start: Expression | null;
      stop: Expression | null;
      step: Expression | null;
    }
  | { kind: "call"; callee: Expression; args: Arguments }
  | { kind: "filter"; of: Expression | null; name: string; args: Arguments }
  | { kind: "test"; of: Expression; name: string; args: Arguments }
  | { kind: "not"; of: Expression }
  | { kind: "negative" | "positive"; of: Expression }
  | { kind: "and" | "or"; left: Expression; right: Expression }
  | { kind: "arithmetic"; operator: Arithmetic; left: Expression; right: Expression }
  | { kind: "concat"; parts: Expression[] }
  | { kind: "compare"; first: Expression; rest: { operator: Comparison; right: Expression }[] }
  | { kind: "choice"; test: Expression; then: Expression; otherwise: Expression | null };

export type Arithmetic = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface Arguments {
  positional: Expression[];
  named: [name: string, value: Expression][];
}

export interface Parameters {
  names: string[];
  /** The defaults of the last parameters. */
  defaults: Expression[];
}

/** The target of an assignment: a name, an attribute of a namespace, or several of these. */
export type Target =
  | { kind: "name"; name: string }
  | { kind: "namespace"; name: string; attribute: string }
  | { kind: "targets"; targets: Target[] };

export type Statement = { line: number } & (
  | { kind: "text"; text: string }
  | { kind: "output"; value: Expression }
  | { kind: "if"; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[] }
  | {
      kind: "for";
      target: Target;
      over: Expression;
      filter: Expression | null;
      body: Statement[];
      otherwise: Statement[];
    }
  | { kind: "set"; target: Target; value: Expression }
  | { kind: "set block"; target: Target; filter: Expression | null; body: Statement[] }
  | { kind: "filter block"; filter: Expression; body: Statement[] }
  | { kind: "with"; values: [Target, Expression][]; body: Statement[] }
  | { kind: "macro"; name: string; parameters: Parameters; body: Statement[] }
  | { kind: "call block"; call: Expression; parameters: Parameters; body: Statement[] }
  | { kind: "generation"; body: Statement[] }
  | { kind: "break" | "continue" }
);
