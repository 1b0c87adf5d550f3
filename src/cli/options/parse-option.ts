/**
 * Parses option values. A value that does not fit is an error that says what was expected; it is never rounded or moved into
 * range.
 */
import { badInput } from "../../core/errors.ts";
import type { TemplateVars } from "../../core/records/observation.ts";

/** Both bounds are included. */
interface Range {
  from: number;
  to?: number;
}

const inWords = ({ from, to }: Range) => (to === undefined ? `of ${from} or more` : `from ${from} to ${to}`);
const inRange = (value: number, { from, to = Infinity }: Range) => value >= from && value <= to;

export function wholeNumber(option: string, range: Range) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (inRange(value, range)) return value;
    throw badInput(option, `a whole number ${inWords(range)}`, JSON.stringify(text));
  };
}

export function decimal(option: string, range: Range) {
  return (text: string): number => {
    const value = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (Number.isFinite(value) && inRange(value, range)) return value;
    throw badInput(option, `a number ${inWords(range)}`, JSON.stringify(text));
  };
}

/** `name=value`, once per variable. A value that is JSON is taken as such, every other one as text. */
export function variable(option: string) {
  return (text: string, before: TemplateVars = {}): TemplateVars => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw badInput(option, "name=value, such as enable_thinking=false", JSON.stringify(text));
    if (Object.hasOwn(before, name)) throw badInput(option, "each variable once", `${name} twice`);
    return { ...before, [name]: jsonOrText(value) };
  };
}

function jsonOrText(value: string): TemplateVars[string] {
  try {
    return JSON.parse(value) as TemplateVars[string];
  } catch {
    return value;
  }
}

/** A day of the calendar. */
export function day(option: string) {
  return (text: string): string => {
    const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
    // 30 February is read as a day of March.
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return text;
    throw badInput(option, "a day as YYYY-MM-DD", JSON.stringify(text));
  };
}

/** A list such as `80,150,200`. */
export function wholeNumbers(option: string, range: Range) {
  const one = wholeNumber(option, range);
  return (text: string): number[] => unique(option, split(text).map(one));
}

/** A list such as `-1,0,5`. */
export function integers(option: string, range: Range) {
  return (text: string): number[] =>
    unique(
      option,
      split(text).map((word) => {
        const value = /^-?\d{1,15}$/.test(word) ? Number(word) : NaN;
        if (inRange(value, range)) return value;
        throw badInput(option, `whole numbers ${inWords(range)}`, JSON.stringify(word));
      }),
    );
}

/** A number, or the word none, which is null. */
export function numberOrNone(option: string, range: Range = { from: -Infinity }) {
  return (text: string): number | null => {
    if (text === "none") return null;
    const value = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (Number.isFinite(value) && inRange(value, range)) return value;
    const wanted = range.from === -Infinity ? "a number" : `a number ${inWords(range)}`;
    throw badInput(option, `${wanted}, or none`, JSON.stringify(text));
  };
}

/** A list such as `chat,none`, in which every value is one of the choices. */
export function choices<T extends string>(option: string, known: readonly T[]) {
  return (text: string): T[] =>
    unique(
      option,
      split(text).map((word) => {
        const choice = known.find((candidate) => candidate === word);
        if (choice === undefined) throw badInput(option, `of ${known.join(", ")}`, JSON.stringify(word));
        return choice;
      }),
    );
}

/** One of the choices. */
export function choice<T extends string>(option: string, known: readonly T[]) {
  return (text: string): T => {
    const chosen = known.find((candidate) => candidate === text);
    if (chosen === undefined) throw badInput(option, known.join(", "), JSON.stringify(text));
    return chosen;
  };
}

/** Names with commas between them. */
export function names(option: string) {
  return (text: string): string[] => {
    const list = unique(option, split(text));
    if (list.includes("")) throw badInput(option, "names with commas between them", JSON.stringify(text));
    return list;
  };
}

const split = (text: string): string[] => text.split(",").map((part) => part.trim());

function unique<T>(option: string, values: T[]): T[] {
  const repeated = values.find((value, i) => values.indexOf(value) !== i);
  if (repeated !== undefined) throw badInput(option, "each value once", `${String(repeated)} twice`);
  return values;
}
