/** Jinja's tests, which are written after `is`. */
import { bind } from "./arguments.ts";
import { TemplateProblem } from "./budget.ts";
import type { Context } from "./filters.ts";
import { Text } from "./marked-text.ts";
import { str } from "./print.ts";
import {
  type CallArguments,
  Callable,
  contains,
  Dict,
  equal,
  Float,
  integer,
  List,
  numberOf,
  order,
  Safe,
  text,
  Undefined,
  type Value,
} from "./values.ts";

type Test = (value: Value, args: CallArguments, context: Context) => boolean;

const isInteger = (value: Value) => typeof value === "number";
const isString = (value: Value) => value instanceof Text || value instanceof Safe;
const isSequence = (value: Value) =>
  value instanceof Text || value instanceof List || value instanceof Dict || value instanceof Undefined;

export const tests = new Map<string, Test>([
  ["defined", plain((value) => !(value instanceof Undefined))],
  ["undefined", plain((value) => value instanceof Undefined)],
  ["none", plain((value) => value === null)],
  ["boolean", plain((value) => typeof value === "boolean")],
  ["true", plain((value) => value === true)],
  ["false", plain((value) => value === false)],
  ["integer", plain(isInteger)],
  ["float", plain((value) => value instanceof Float)],
  ["number", plain((value) => numberOf(value) !== null)],
  ["string", plain(isString)],
  ["mapping", plain((value) => value instanceof Dict)],
  ["iterable", plain(isSequence)],
  ["sequence", plain(isSequence)],
  ["callable", plain((value) => value instanceof Callable)],
  ["odd", plain((value) => Math.abs(integer(value, "a number") % 2) === 1)],
  ["even", plain((value) => integer(value, "a number") % 2 === 0)],
  [
    "divisibleby",
    (value, args) => {
      const [by] = bind(args, "divisibleby", ["num"], 1);
      const divisor = integer(by!, "a divisor");
      if (divisor === 0) throw new TemplateProblem("a division by zero");
      return integer(value, "a number") % divisor === 0;
    },
  ],
  ["lower", cased((value) => value.toLowerCase())],
  ["upper", cased((value) => value.toUpperCase())],
  ["sameas", binary((value, other) => value === other)],
  ["in", binary((value, other, { budget }) => contains(other, value, budget))],
  ...names(["eq", "equalto", "=="], (value, other, { budget }) => equal(value, other, budget)),
  ...names(["ne", "!="], (value, other, { budget }) => !equal(value, other, budget)),
  ...names(["lt", "lessthan", "<"], (value, other, { budget }) => order(value, other, budget) < 0),
  ...names(["le", "<="], (value, other, { budget }) => order(value, other, budget) <= 0),
  ...names(["gt", "greaterthan", ">"], (value, other, { budget }) => order(value, other, budget) > 0),
  ...names(["ge", ">="], (value, other, { budget }) => order(value, other, budget) >= 0),
]);

function plain(is: (value: Value) => boolean): Test {
  return (value, args) => {
    bind(args, "a test", []);
    return is(value);
  };
}

function binary(is: (value: Value, other: Value, context: Context) => boolean): Test {
  return (value, args, context) => is(value, bind(args, "a test", ["other"], 1)[0]!, context);
}

function names(
  all: readonly string[],
  is: (value: Value, other: Value, context: Context) => boolean,
): [string, Test][] {
  return all.map((name) => [name, binary(is)]);
}

function cased(change: (value: string) => string): Test {
  return (value, args, { budget }) => {
    bind(args, "a test", []);
    const self = text(str(value, budget), "a str").value;
    return change(self) === self && self.toLowerCase() !== self.toUpperCase();
  };
}
