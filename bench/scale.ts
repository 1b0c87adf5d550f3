/**
 * Times an audit of many recorded answers from the file to the report: reading, judging by rules, analysing, and the page.
 *
 *     node bench/scale.ts [--answers 10000] [--seeds 20] [--profile FOLDER] [--keep FOLDER]
 *
 * The answers are made of the short labelled ones of test/fixtures/judges, so many joined that they are of very different lengths, with
 * some of their words exchanged, so that nearly all differ. `fathom audit --answers` makes a run of them, and `fathom report` renders it
 * again, each in a process of its own. Printed are seconds, processor time (which other programs hardly change), the peak of the process's memory (VmHWM; both on Linux only), and the sizes of the
 * files. Where Chromium is installed, the page is opened in it, three times, and the medians of page-in-browser.ts are printed. --profile writes a
 * CPU profile of each process. --keep names the folder in which the run stays.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { jsonLines } from "../scripts/judge-labels.ts";
import { random } from "../src/core/random.ts";
import { framings, tiers } from "../src/core/records/prompt.ts";
import { findBrowser } from "../test/support/browser.ts";
import { timePage } from "./page-in-browser.ts";

const { values } = parseArgs({
  options: {
    answers: { type: "string", default: "10000" },
    seeds: { type: "string", default: "20" },
    profile: { type: "string" },
    keep: { type: "string" },
  },
});
const seeds = Number(values.seeds);
const prompts = Math.ceil(Number(values.answers) / seeds);
const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const megabyte = 1e6;
/** Time between two looks at the peak, which only rises. */
const lookMilliseconds = 50;

const labelled = z.object({ label: z.string(), text: z.string() });
const texts = ["answers.jsonl", "later.jsonl"].flatMap((name) =>
  jsonLines(new URL(`../test/fixtures/judges/${name}`, import.meta.url)).map((line) => labelled.parse(line)),
);
const refusals = texts.filter(({ label }) => label === "refuse");
const others = texts.filter(({ label }) => label !== "refuse");
const numbers = random("bench/scale");
const oneOf = <T>(list: readonly T[]): T => list[numbers.integer(list.length)]!;
const long = /\b[a-z]{7,}\b/g;
const words = texts.flatMap(({ text }) => text.match(long) ?? []);

/** A third of the answers are one text, the others up to 12 joined. Hazard-adjacent prompts get more refusals. */
function answerTo(tier: (typeof tiers)[number]): string {
  const refuses = numbers.uniform() < [0.1, 0.3, 0.7][tiers.indexOf(tier)]!;
  const length = numbers.integer(3) === 0 ? 1 : 1 + numbers.integer(12);
  const parts = Array.from({ length }, (_, i) => oneOf(refuses && i === 0 ? refusals : others).text);
  return parts.join("\n").replace(long, (word) => (numbers.integer(3) === 0 ? oneOf(words) : word));
}

function write(folder: string): { answers: string; prompts: string } {
  const asked = Array.from({ length: prompts }, (_, i) => ({
    ...{ id: `p${i}`, prompt: `What does chapter ${i} of the handbook say about ${oneOf(words)}?` },
    ...{ tier: tiers[i % 3]!, framing: framings[Math.floor(i / 3) % 4]!, category: `c${i % 9}` },
    ...{ pair: `pair ${Math.floor(i / 3)}`, panel: "main" },
  }));
  const paths = { answers: join(folder, "answers.jsonl"), prompts: join(folder, "prompts.jsonl") };
  const lines = (all: readonly object[]) => all.map((one) => `${JSON.stringify(one)}\n`).join("");
  writeFileSync(paths.prompts, lines(asked));
  writeFileSync(paths.answers, "");
  for (let seed = 1; seed <= seeds; seed++)
    writeFileSync(
      paths.answers,
      lines(asked.map(({ id, tier }) => ({ id, seed, answer: answerTo(tier), finish: "stop" }))),
      { flag: "a" },
    );
  return paths;
}

async function timed(name: string, args: readonly string[]): Promise<void> {
  const begun = performance.now();
  const profile =
    values.profile === undefined
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${name}.cpuprofile`];
  const child = spawn(process.execPath, [...profile, entry, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const seen: { peak: number | null; cores: number | null } = { peak: null, cores: null };
  const look = setInterval(() => {
    seen.peak = peakOf(child.pid!) ?? seen.peak;
    seen.cores = coresOf(child.pid!) ?? seen.cores;
  }, lookMilliseconds);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(look);
  // Exit code 1 says that many answers got no label, as may be in made-up ones.
  if (code !== 0 && code !== 1)
    throw new Error(`bench/scale: expected that ${name} ends with 0 or 1, found ${code}`);
  const seconds = ((performance.now() - begun) / 1e3).toFixed(1);
  console.log(
    `${name}: ${seconds} s, of all cores ${seen.cores?.toFixed(1) ?? "not known"} s, peak ${seen.peak === null ? "not known" : `${mega(seen.peak)} MB`}`,
  );
}

/** Bytes; null where the process has ended, and on systems without /proc. */
function peakOf(pid: number): number | null {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/** Seconds of processor time, by clock ticks of a hundredth. */
function coresOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

/** Of a file, or of all files in a folder. */
function bytesOf(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

async function printPageTimes(page: string): Promise<void> {
  const browser = findBrowser();
  if (browser === null) {
    console.log("page: no Chromium found, so its times are not known");
    return;
  }
  const { firstView, search, opening, elements } = await timePage(browser, page);
  const all = (times: readonly number[]) =>
    `${median(times).toFixed(0)} ms (${times.map((time) => time.toFixed(0)).join(", ")})`;
  console.log(`page: ${elements} elements, first view ${all(firstView)}`);
  console.log(`page: search ${all(search)}, an answer opens in ${all(opening)}`);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const mega = (bytes: number): string => (bytes / megabyte).toFixed(1);

const folder = values.keep ?? mkdtempSync(join(tmpdir(), "bench-scale-"));
mkdirSync(folder, { recursive: true });
try {
  const files = write(folder);
  const run = join(folder, "run");
  console.log(`${prompts * seeds} answers to ${prompts} prompts`);
  const named = ["--answers", files.answers, "--prompts", files.prompts];
  await timed("audit", ["audit", ...named, "--model", "made", "--out", run, "--quiet"]);
  await timed("report", ["report", run]);
  for (const name of readdirSync(run)) {
    const size = bytesOf(join(run, name));
    if (size > megabyte / 10) console.log(`${name}: ${mega(size)} MB`);
  }
  await printPageTimes(join(run, "report.html"));
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true });
}
