/** Failures of the machine around a command: one line, no process left running, and hints that can be typed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ownName, withOwnName } from "../../src/cli/terminal/own-name.ts";
import { quoted } from "../../src/cli/terminal/quoted.ts";
import {
  fathom,
  finished,
  fixture,
  jsonLinesFile,
  launcher,
  lines,
  entry as main,
  onWindows,
  scratch,
  tinyModel,
} from "./fathom.ts";

const folder = scratch();
const prompts = jsonLinesFile(folder, "prompts.jsonl", [{ id: "a", ids: [1, 5, 9] }]);
const generate = ["generate", "--prompts", prompts, "--max-new-tokens", "2", "--quiet"];
const slow = [
  "--model",
  tinyModel,
  "--prompts",
  "biology",
  "--limit",
  "60",
  "--prefill-tokens",
  "0",
  "--caps",
  "8,150",
  "--batch-size",
  "2",
  "--threads",
  "1",
];

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (what()) return;
    await sleep(20);
  }
  throw new Error("not within 30 s");
}

/** The process that works on a run, from its lock; null without one. */
function workerOf(run: string): number | null {
  try {
    return (JSON.parse(readFileSync(join(run, "at-work.lock"), "utf8")) as { pid: number }).pid;
  } catch {
    return null;
  }
}

test.skipIf(onWindows).each(["SIGKILL", "SIGHUP", "SIGTERM"] as const)(
  "the launcher ended by %s leaves nothing running, and the run can be gone on with",
  async (signal) => {
    const run = join(folder, `launched-${signal}`);
    const child = spawn(process.execPath, [launcher, "audit", ...slow, "--out", run], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    const end = new Promise<number | null>((resolve) => child.on("close", resolve));
    await until(() => workerOf(run) !== null && existsSync(join(run, "observations.jsonl")));
    const pid = workerOf(run)!;
    expect(pid).not.toBe(child.pid);
    child.kill(signal);
    expect(await end).toBe(signal === "SIGKILL" ? null : 130);
    await until(() => !isAlive(pid));
    expect(existsSync(join(run, "at-work.lock"))).toBe(false);
    expect(stderr).toContain(`fathom: interrupted. To go on: npx fathom audit`);
    expect(stderr).toContain("--resume");
  },
);

test.skipIf(onWindows).each([
  ["is missing", join(folder, "none"), "nothing at this path"],
  ["is a file", prompts, "one that cannot be written (ENOTDIR)"],
])("a TMPDIR that %s is said in one line, where one is needed", async (_name, TMPDIR, found) => {
  const { code, stderr } = await finished([...generate, "--model", fixture("gguf/tiny.gguf")], {
    env: { TMPDIR },
  });
  expect(lines(stderr)).toEqual([
    `fathom: ${TMPDIR}: expected a folder for temporary files, found ${found}. Try: another folder in TMPDIR`,
  ]);
  expect(code).toBe(2);
});

test.each([
  ["the context", 2000, /^fathom: .*prompt "a": expected at most \d+ tokens .*\n$/],
  [
    "the tokenizer",
    500_000,
    /^fathom: a text of 4000000 characters: expected one that the tokenizer can .*\n$/,
  ],
])("a prompt too long for %s is refused in one line", (_name, times, line) => {
  const long = jsonLinesFile(folder, "long.jsonl", [{ id: "a", prompt: "so long ".repeat(times) }]);
  const args = ["--model", tinyModel, "--prompts", long, "--max-new-tokens", "2"];
  const { code, stderr } = fathom(["generate", ...args]);
  expect(stderr).toMatch(line);
  expect(code).toBe(2);
});

test.runIf(process.platform === "linux").each([
  [
    "open files",
    "-n 26",
    "fathom: ulimit -n: expected at least 64 open files, found a limit of 26. Try: ulimit",
  ],
  ["address space", "-v 3000000", "fathom: ulimit -v: expected at least 8.0 GiB of address space, "],
])("a limit on %s too low to run under is said in one line", (_name, limit, line) => {
  const args = [...generate, "--model", tinyModel].map((argument) => `'${argument}'`).join(" ");
  const command = `ulimit ${limit}; exec '${process.execPath}' '${main}' ${args}`;
  const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  expect(lines(stderr)).toEqual([expect.stringContaining(line)]);
  expect(status).toBe(1);
});

test("hints name the command as it can be typed here", () => {
  const [bin, project, elsewhere] = ["bin", "project", "elsewhere"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [bin, join(project, "node_modules/.bin"), join(project, "below"), elsewhere])
    mkdirSync(made, { recursive: true });
  writeFileSync(join(bin, "fathom"), "");
  symlinkSync(launcher, join(project, "node_modules/.bin/fathom"));
  expect(ownName({ PATH: ["/usr/bin", bin].join(delimiter) }, elsewhere)).toBe("fathom");
  // npx puts that folder before PATH. The person's shell does not have it.
  expect(ownName({ PATH: join(project, "node_modules/.bin") }, join(project, "below"))).toBe("npx fathom");
  const itself = onWindows ? `node ${quoted(launcher)}` : quoted(launcher);
  expect(ownName({ PATH: "/usr/bin" }, elsewhere)).toBe(itself);
  expect(withOwnName("x: expected y, found fathom z. Try: fathom audit --help")).toMatch(
    /found fathom z\. Try: npx fathom audit/,
  );
});
