/**
 * The names that a template reads and does not set itself: the variables that a caller can give it (as jinja2's
 * meta.find_undeclared_variables). A name that only some branch sets counts as read.
 */
import type { Expression, Parameters, Statement, Target } from "./ast.ts";

export function freeNames(body: readonly Statement[]): Set<string> {
  const free = new Set<string>();
  readStatements(body, new Set(), free);
  return free;
}

/** @param bound names that are set where the statements begin; grows as they set more */
function readStatements(body: readonly Statement[], bound: Set<string>, free: Set<string>): void {
  const read = (part: unknown, within: ReadonlySet<string> = bound) => {
    for (const name of namesIn(part)) if (!within.has(name)) free.add(name);
  };
  const inside = (inner: readonly Statement[], more: readonly string[] = []) => {
    readStatements(inner, new Set([...bound, ...more]), free);
  };
  for (const one of body) {
    switch (one.kind) {
      case "output":
        read(one.value);
        break;
      case "if":
        for (const { test, body: branch } of one.branches) {
          read(test);
          inside(branch);
        }
        inside(one.otherwise);
        break;
      case "for": {
        const own = [...targets(one.target), "loop"];
        read(one.over);
        read(one.filter, new Set([...bound, ...own]));
        inside(one.body, own);
        inside(one.otherwise);
        break;
      }
      case "set":
        read(one.value);
        for (const name of targets(one.target)) bound.add(name);
        break;
      case "set block":
        read(one.filter);
        inside(one.body);
        for (const name of targets(one.target)) bound.add(name);
        break;
      case "filter block":
        read(one.filter);
        inside(one.body);
        break;
      case "with":
        for (const [, value] of one.values) read(value);
        inside(
          one.body,
          one.values.flatMap(([target]) => targets(target)),
        );
        break;
      case "macro":
        bound.add(one.name);
        read(one.parameters.defaults);
        inside(one.body, own(one.parameters));
        break;
      case "call block":
        read(one.call);
        read(one.parameters.defaults);
        inside(one.body, own(one.parameters));
        break;
      case "generation":
        inside(one.body);
        break;
      case "text":
      case "break":
      case "continue":
        break;
    }
  }
}

const own = ({ names }: Parameters): string[] => [...names, "caller"];

/** The names that an assignment sets. An attribute of a namespace is no name. */
function targets(target: Target): string[] {
  if (target.kind === "targets") return target.targets.flatMap(targets);
  return target.kind === "name" ? [target.name] : [];
}

/** All names in an expression, or in a list of them. */
function namesIn(part: unknown): string[] {
  if (part === null || typeof part !== "object") return [];
  const { kind, name } = part as Partial<Extract<Expression, { kind: "name" }>>;
  if (kind === "name" && name !== undefined) return [name];
  return Object.values(part).flatMap(namesIn);
}
