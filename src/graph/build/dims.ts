/**
 * Sizes of axes. A size is a number, or a name such as "B" or "T" when it is known only while the graph runs. Two axes
 * agree when they have the same number or the same name. A size computed from other sizes gets a canonical name ("B*T",
 * "P+T"). The shape of every value in a graph is therefore known while the graph is built.
 */
import { badInput } from "../../core/errors.ts";

/** A string is a symbolic size: the same string means the same size everywhere in a graph. */
export type Dim = number | string;

export function formatDims(dims: readonly Dim[]): string {
  return `[${dims.join(", ")}]`;
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** A size as a number times named sizes: "4*B*T" is {count: 4, names: ["B", "T"]}. */
export interface Factors {
  count: number;
  names: string[];
}

/** Factors of the product of all dims; the factors of no dims are {count: 1, names: []}. */
export function factorsOf(dims: readonly Dim[]): Factors {
  const factors: Factors = { count: 1, names: [] };
  for (const dim of dims) {
    for (const part of typeof dim === "number" ? [dim] : splitProduct(dim)) {
      if (typeof part === "number") factors.count *= part;
      else factors.names.push(part);
    }
  }
  factors.names.sort();
  return factors;
}

/** The canonical size that these factors multiply to. */
export function dimOf({ count, names }: Factors): Dim {
  if (count === 0 || names.length === 0) return count;
  const [only] = names;
  if (names.length === 1 && count === 1 && only !== undefined) return only;
  const parts = names.map(parenthesize);
  return count === 1 ? parts.join("*") : [String(count), ...parts].join("*");
}

export function productOf(dims: readonly Dim[]): Dim {
  return dimOf(factorsOf(dims));
}

/** The size of several axes that are concatenated. */
export function sumOf(dims: readonly Dim[]): Dim {
  let known = 0;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") known += dim;
    else names.push(dim);
  }
  if (names.length === 0) return known;
  return known === 0 ? names.join("+") : [...names, String(known)].join("+");
}

/** The name of a part of a symbolic axis: "T[1:]". */
export function rangeName(dim: string, start: number, end: number | undefined): string {
  return `${parenthesize(dim)}[${start}:${end ?? ""}]`;
}

/** `whole` divided by `part`; undefined when `part` does not divide `whole`. */
export function divide(whole: Factors, part: Factors): Factors | undefined {
  const { left, right } = cancel(whole.names, part.names);
  if (right.length > 0 || part.count === 0 || whole.count % part.count !== 0) return undefined;
  return { count: whole.count / part.count, names: left };
}

/** Removes the names that both lists contain, and returns the rest of each list. */
export function cancel(a: readonly string[], b: readonly string[]): { left: string[]; right: string[] } {
  const right = [...b];
  const left = a.filter((name) => {
    const at = right.indexOf(name);
    if (at >= 0) right.splice(at, 1);
    return at < 0;
  });
  return { left, right };
}

/**
 * Dims of two operands broadcast against each other as in NumPy: aligned at the last axis, an axis of size 1 stretches.
 * A symbolic size never counts as 1.
 */
export function broadcastDims(where: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw badInput(where, `dims that broadcast against ${formatDims(a)}`, formatDims(b));
  });
}

/** Turns an axis counted from the end into one counted from the start. */
export function resolveAxis(where: string, dims: readonly Dim[], axis: number): number {
  const resolved = axis < 0 ? axis + dims.length : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= dims.length) {
    throw badInput(where, `an axis of ${formatDims(dims)}`, `axis ${axis}`);
  }
  return resolved;
}

/** Axes counted from the start, in rising order. Throws when an axis is listed twice. */
export function resolveAxes(where: string, dims: readonly Dim[], axes: readonly number[]): number[] {
  const resolved = axes.map((axis) => resolveAxis(where, dims, axis)).sort((a, b) => a - b);
  if (new Set(resolved).size !== resolved.length) {
    throw badInput(where, "each axis once", `axes [${axes.join(", ")}]`);
  }
  return resolved;
}

function parenthesize(name: string): string {
  return /[*+]/.test(name) && !isEnclosed(name) ? `(${name})` : name;
}

/** Splits "4*(P+T)*B" into its factors 4, "P+T", "B". */
function splitProduct(name: string): Dim[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= name.length; at++) {
    const character = name[at];
    if (character === "(" || character === "[") depth++;
    if (character === ")" || character === "]") depth--;
    if (character === undefined || (character === "*" && depth === 0)) {
      parts.push(name.slice(start, at));
      start = at + 1;
    }
  }
  return parts.map((part) => {
    if (/^\d+$/.test(part)) return Number(part);
    return isEnclosed(part) ? part.slice(1, -1) : part;
  });
}

/** True for "(P+T)", false for "(P+T)[1:]" and "(a)+(b)". */
function isEnclosed(name: string): boolean {
  if (!name.startsWith("(")) return false;
  let depth = 0;
  for (let at = 0; at < name.length; at++) {
    if (name[at] === "(") depth++;
    if (name[at] === ")") depth--;
    if (depth === 0) return at === name.length - 1;
  }
  return false;
}
