/** Help is quick and begins with an example; a typing mistake gets a suggestion. */

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { fathom, launcher, lines } from "./fathom.ts";

const verbs = [
  [],
  ["audit"],
  ["anatomy"],
  ["compare"],
  ["export"],
  ["report"],
  ["rescore"],
  ["capture"],
  ["generate"],
  ["judge"],
  ["judge", "calibrate"],
  ["label"],
  ["serve"],
  ["sae"],
  ["sae", "inspect"],
  ["sae", "check"],
  ["sae", "encode"],
  ["sae", "report"],
  ["sae", "train"],
  ["doctor"],
  ["doctor", "models"],
];

/** A module hook that ends the process with an error when a heavy module is loaded. */
const refuseHeavy = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(name, context, next) {
      if (/^(onnxruntime-node|zod|@huggingface|ml-matrix|yaml|hyparquet|csv-parse)/.test(name)) throw new Error("loaded " + name);
      return next(name, context);
    },
  });
`)}`;

test("the hook that guards help finds heavy modules", () => {
  const { code, stderr } = fathom(["doctor", "models", "."], { node: ["--import", refuseHeavy] });
  expect(code).toBe(1);
  expect(stderr).toContain("loaded ");
});

test.each(verbs.map((verb) => [verb.join(" "), verb] as const))("fathom %s --help", (name, verb) => {
  const { code, stdout, stderr } = fathom([...verb, "--help"], { node: ["--import", refuseHeavy] });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Examples?:\n {2}fathom /);
  expect(stdout).toContain(`Usage: fathom${name === "" ? "" : ` ${name}`} `);
});

test("help takes less than 400 ms", () => {
  // The quickest of several runs, because other work on the machine can only make it slower.
  const times = Array.from({ length: 5 }, () => {
    const before = performance.now();
    fathom(["audit", "--help"]);
    return performance.now() - before;
  });
  expect(Math.min(...times)).toBeLessThan(400);
});

test("--version prints the version", () => {
  expect(fathom(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n", stderr: "" });
});

test("the launcher of a checkout passes output and exit code on", () => {
  const launched = (...args: string[]) =>
    spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
  expect(launched("--version")).toMatchObject({ status: 0, stdout: "0.1.0\n", stderr: "" });
  expect(launched("audti")).toMatchObject({ status: 2, stdout: "" });
});

test.each([
  ["an unknown verb", ["audti"], "unknown command 'audti' (Did you mean audit?). Try: npx fathom --help"],
  [
    "an unknown option",
    ["audit", "--tempratur", "1"],
    "(Did you mean --temperature?). Try: npx fathom audit --help",
  ],
  ["a missing option", ["capture", "--model", "x"], "required option '--prompts <file>' not specified"],
  ["too many arguments", ["report", "a", "b"], "too many arguments for 'report'"],
  [
    "a number that is none",
    ["audit", "--caps", "80,many"],
    '--caps: expected a whole number of 1 or more, found "many"',
  ],
  [
    "a number out of range",
    ["audit", "--temperature", "-1"],
    "--temperature: expected a number of 0 or more",
  ],
  [
    "an unknown choice",
    ["audit", "--templates", "chat,raw"],
    '--templates: expected of chat, none, found "raw"',
  ],
  ["a value twice", ["audit", "--caps", "8,8"], "--caps: expected each value once, found 8 twice"],
  ["no model", ["audit"], "--model: expected a value, here or in a plan file, found none"],
  [
    "no output",
    ["audit", "--model", "m", "--prompts", "biology"],
    "--out: expected the run's directory, found none",
  ],
])("%s is a usage error in one line", (_name, args, message) => {
  const { code, stdout, stderr } = fathom(args);
  expect(stderr).toContain(message);
  expect(lines(stderr)).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});
