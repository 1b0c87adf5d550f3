/**
 * The date that strftime_now gives to templates. It never changes: a run is identified by its prompts' tokens, so the
 * same audit must write the same prompt tomorrow. It is the day that Llama 3's published templates write when they have
 * no clock.
 */
import { TemplateProblem } from "./budget.ts";

/** YYYY-MM-DD. A user may choose another day. */
export const templateDay = "2024-07-26";

const months = "January February March April May June July August September October November December".split(
  " ",
);
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Python's strftime in the C locale, at noon UTC of a day. @throws TemplateProblem naming a directive it does not know */
export function strftime(format: string, day: string = templateDay): string {
  const date = new Date(`${day}T12:00:00Z`);
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const hour = date.getUTCHours();
  const dayOfYear = Math.round((Date.UTC(year, month, dayOfMonth) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  const fields: Readonly<Record<string, [value: string | number, width: number]>> = {
    Y: [year, 1],
    y: [year % 100, 2],
    m: [month + 1, 2],
    B: [months[month]!, 1],
    b: [months[month]!.slice(0, 3), 1],
    d: [dayOfMonth, 2],
    e: [String(dayOfMonth).padStart(2), 1],
    j: [dayOfYear, 3],
    A: [days[date.getUTCDay()]!, 1],
    a: [days[date.getUTCDay()]!.slice(0, 3), 1],
    w: [date.getUTCDay(), 1],
    u: [date.getUTCDay() || 7, 1],
    H: [hour, 2],
    I: [hour % 12 || 12, 2],
    p: [hour < 12 ? "AM" : "PM", 1],
    M: [date.getUTCMinutes(), 2],
    S: [date.getUTCSeconds(), 2],
    "%": ["%", 1],
  };
  const expanded = format.replaceAll("%F", "%Y-%m-%d").replaceAll("%T", "%H:%M:%S");
  return expanded.replace(/%(-?)([^]?)/g, (whole, bare: string, letter: string) => {
    const field = Object.hasOwn(fields, letter) ? fields[letter] : undefined;
    if (field === undefined) throw new TemplateProblem(`the date format ${JSON.stringify(whole)}`);
    return bare === "-" ? String(field[0]) : String(field[0]).padStart(field[1], "0");
  });
}
