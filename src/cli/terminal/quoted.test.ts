/** A quoted argument gives the same argument when it is typed, in a POSIX shell and on Windows. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { quoted } from "./quoted.ts";

test.each([
  ["runs/mine", "runs/mine"],
  ["it's mine", String.raw`'it'\''s mine'`],
  ["a\\b", String.raw`'a\b'`],
])("for a POSIX shell: %s", (argument, typed) => {
  expect(quoted(argument, "linux")).toBe(typed);
});

test.skipIf(process.platform === "win32")("a POSIX shell reads the same argument back", () => {
  for (const argument of ["a b", "it's", '$HOME `x` "y" \\', "--out=runs/mine", ""]) {
    const { stdout } = spawnSync("sh", ["-c", `printf %s ${quoted(argument, "linux")}`], {
      encoding: "utf8",
    });
    expect(stdout).toBe(argument);
  }
});

test.each([
  [String.raw`C:\runs\mine`, String.raw`C:\runs\mine`],
  [String.raw`C:\My runs\mine`, String.raw`"C:\My runs\mine"`],
  ["C:\\My runs\\", String.raw`"C:\My runs\\"`],
  ['say "no"', String.raw`"say \"no\""`],
  [String.raw`a\"b c`, String.raw`"a\\\"b c"`],
  ["", '""'],
])("for Windows: %s", (argument, typed) => {
  expect(quoted(argument, "win32")).toBe(typed);
  expect(programReads(typed)).toBe(argument);
});

/** Parses one argument of a command line, as Microsoft's C runtime does ("Parsing C command-line arguments"). */
function programReads(line: string): string {
  let [text, at] = ["", 0];
  while (at < line.length) {
    const backslashes = /^\\*/.exec(line.slice(at))![0].length;
    at += backslashes;
    const beforeQuote = line[at] === '"';
    text += "\\".repeat(beforeQuote ? backslashes >> 1 : backslashes);
    if (beforeQuote && backslashes % 2 === 1) text += '"';
    else if (!beforeQuote && at < line.length) text += line[at]!;
    at += 1;
  }
  return text;
}
