/** Files that a long script makes step by step in one folder. What exists is not made again, so a stopped script goes on. */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "../src/core/records/prompt.ts";
import { makeFolder, readJson, writeTextAtomically } from "../src/files/disk/io.ts";
import { readJsonLines } from "../src/files/lines/json-lines.ts";
import { fetchOnce, type RealCheckpoint } from "./real-checkpoints.ts";

export const root = join(import.meta.dirname, "..");

/** A line that `fathom generate` reads. */
export interface Chat {
  id: string;
  messages: [Message];
}

/** A line that it writes. */
export interface Answer {
  id: string;
  prompt_ids: number[];
  ids: number[];
}

export function chats(kind: string, questions: readonly string[]): Chat[] {
  return questions.map((content, i) => ({ id: `${kind} ${i}`, messages: [{ role: "user", content }] }));
}

/** How many questions are answered at a time. A stopped run continues after the last finished piece. */
const answeredAtATime = 200;

export class MadeOnce {
  readonly #name: string;
  readonly #folder: string;
  readonly #threads: readonly string[];

  /** @param name of the script, for its messages @param threads of the engine; the machine's cores when undefined */
  constructor(name: string, folder: string, threads: string | undefined) {
    this.#name = name;
    this.#folder = folder;
    this.#threads = threads === undefined ? [] : ["--threads", threads];
    makeFolder(folder);
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  say(text: string): void {
    process.stderr.write(`${this.#name}: ${text}\n`);
  }

  /** The checkpoint's path, fetched and compared with the file of its fixture. */
  checkpoint(real: RealCheckpoint): string {
    const { file } = readJson(join(root, "test/fixtures", real.fixtures, "reference.json")) as {
      file: { name: string; sha256: string };
    };
    return fetchOnce(real, file, (text) => {
      this.say(text);
    });
  }

  lines(name: string, lines: readonly object[]): void {
    writeTextAtomically(this.at(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** Runs the command that makes a file or folder, unless it exists. */
  made(name: string, args: (out: string) => readonly string[]): void {
    if (existsSync(this.at(name))) return;
    const part = this.at(`part-${name}`);
    this.fathom(args(part));
    renameSync(part, this.at(name));
  }

  /** @throws Error if the command does not end well */
  fathom(args: readonly string[]): void {
    this.say(`fathom ${args.join(" ")}`);
    const command = [join(root, "bin/fathom.js"), ...args, ...this.#threads];
    const child = spawnSync(process.execPath, command, { stdio: "inherit" });
    if (child.status !== 0)
      throw new Error(`${this.#name}: fathom ${args[0]} ended in ${child.status ?? child.signal}`);
  }

  /**
   * The model's answers as `generate` writes them. They are sampled, because greedy answers of a small model run
   * into loops. Each sample has its own seed, so its draws do not depend on the piece that it is in.
   */
  answersTo(questions: readonly Chat[], model: string, tokens: number): Answer[] {
    const answers: Answer[] = [];
    for (let from = 0; from < questions.length; from += answeredAtATime) {
      const some = questions.slice(from, from + answeredAtATime);
      const name = `${some[0]!.id.replace(" ", "-")}.jsonl`;
      this.lines(`questions-${name}`, some);
      this.made(`answers-${name}`, (out) => [
        ...["generate", "--model", model, "--prompts", this.at(`questions-${name}`)],
        ...["--max-new-tokens", String(tokens), "--temperature", "0.7", "--seed", "0", "--out", out],
      ]);
      answers.push(...readJsonLines(this.at(`answers-${name}`)).map(({ value }) => value as Answer));
    }
    return answers;
  }
}
