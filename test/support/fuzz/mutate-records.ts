/**
 * Damage to files that Fathom wrote or a person writes for it: lists of records, plans, names with terminal control
 * characters.
 */
import type { Random } from "../../../src/core/random.ts";
import { type Mutator, mutateBytes, pick } from "./mutate-bytes.ts";
import { mutateJson } from "./mutate-json.ts";

/** Strings that could control a terminal or a page, written as JSON escapes. */
const steering = [
  String.raw`\u001b[2J\u001b]0;title\u0007`,
  String.raw`\u009b31m`,
  String.raw`\u202eevil\u2066`,
  String.raw`\u200b\ufeff\u00ad`,
  String.raw`\udb40\udc41`,
  String.raw`\nfathom: all is well\r\u2028`,
  String.raw`\ud800`,
  "=1+1",
  "| a | <script>x</script> [b](javascript:c) ~~~",
];

/** Adds text to strings of the document on which a terminal or a page must never act. */
export function mutateStrings(original: Buffer, random: Random): Buffer {
  let n = 0;
  const [one, other] = [pick(random, steering), pick(random, steering)];
  const every = 1 + random.integer(40);
  const text = original
    .toString("utf8")
    .replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inside: string) =>
      n++ % every === 0 ? `"${one}${inside}${other}"` : whole,
    );
  return Buffer.from(text);
}

/** Documents that replace the whole document. */
const wholes = ["[]", "{}", "null", "0", '""', "[[]]", "[{}]", "[null]", "", "true", "1e308"];

export const mutateDocument: Mutator = (original, random) =>
  random.integer(25) === 0
    ? Buffer.from(pick(random, wholes))
    : (random.integer(3) === 0 ? mutateStrings : mutateJson)(original, random);

/** Damages JSON Lines: one line is changed, lost, repeated or swapped. */
export function mutateLines(original: Buffer, random: Random): Buffer {
  const lines = original.toString("utf8").split("\n").slice(0, -1);
  const [at, other] = [random.integer(lines.length), random.integer(lines.length)];
  switch (random.integer(6)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, lines[other]!);
      break;
    case 2:
      [lines[at], lines[other]] = [lines[other]!, lines[at]!];
      break;
    default:
      lines[at] = mutateDocument(Buffer.from(lines[at]!), random).toString("utf8").replaceAll("\n", " ");
  }
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

const yamlPieces: readonly (() => string)[] = [
  ...[" ", "\n", "# x\n", " # x\n", "\r\n", "1", "x", "", "é", "true", "both"],
  ...["&a", "*a", "&a [*a]", "!!js/function x", "!x ", "<<: *a", "? [a]\n: b", "- - - x", "%YAML 9.9", "---"],
  ...[
    "...",
    "|",
    ">",
    ">-9",
    "'",
    '"',
    "{",
    "[",
    "}",
    "]",
    ",",
    ": ",
    "\t",
    "#",
    "@",
    "`",
    "~",
    ".inf",
    "-.nan",
  ],
  ...[
    "1e999",
    "1e308",
    "-0",
    "0x7fffffffffffffff",
    "9007199254740993",
    "null",
    "2001-01-01",
    "\u0000",
    "\u202e",
  ],
  ...["\\u202e", '"\\u001b[2J"', "__proto__: 1", "constructor: {}", "\ufeff", "\u2028", "é漢🌿", "\r"],
].map((text) => () => text);
const manyPieces: readonly (() => string)[] = [
  "[",
  "{a: ",
  "- ",
  "? ",
  "&a ",
  "!a ",
  "*a ",
  "a: 1\n",
  '"',
  "#\n",
].map((piece) => () => piece.repeat(60_000));

export function mutateYaml(original: Buffer, random: Random): Buffer {
  if (random.integer(4) === 0) return mutateBytes(original, random);
  let text = original.toString("utf8");
  for (let n = 1 + random.integer(2); n > 0; n--) {
    const at = random.integer(text.length + 1);
    const piece = (random.integer(30) === 0 ? pick(random, manyPieces) : pick(random, yamlPieces))();
    // The place is that of a value, or any place.
    const value = text.indexOf(": ", at) + 2;
    const to = random.integer(2) === 0 && value > 1 ? value : at;
    const end = random.integer(2) === 0 ? to : Math.max(to, text.indexOf("\n", to));
    text = text.slice(0, to) + piece + text.slice(end);
  }
  return Buffer.from(text);
}
