/** Runs the real command line as a process. Its tests share this file. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The program that bin/fathom.js starts. Tests that send signals need this process itself. */
export const entry = join(root, "src/cli/main.ts");
export const launcher = join(root, "bin/fathom.js");
export const fixture = (path: string): string => join(root, "test/fixtures", path);
export const tinyModel = fixture("engine/llama-gqa-bias");

/** A test's command that takes longer than this is stuck. */
const patience = 60_000;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** @param options `input`: what arrives on standard input; nothing when not given */
export function fathom(
  args: readonly string[],
  options: { node?: string[]; cwd?: string; input?: string } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(options.node ?? []), entry, ...args], {
    encoding: "utf8",
    timeout: patience,
    cwd: options.cwd ?? root,
    input: options.input ?? "",
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

export const onWindows = process.platform === "win32";

/** Windows has no signals: any signal ends a process at once there. */
export const sendable = (signals: readonly NodeJS.Signals[]): readonly NodeJS.Signals[] =>
  onWindows ? signals.filter((signal) => signal === "SIGKILL") : signals;

interface StartOptions {
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export function start(args: readonly string[], { env = {}, cwd = root }: StartOptions = {}) {
  return spawn(process.execPath, [entry, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    cwd,
  });
}

/** Like `fathom`, but asynchronous, for commands that use a server in this test's process. */
export async function finished(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const child = start(args, options);
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** A folder for one test file, removed at its end. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "fathom-cli-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function jsonLinesFile(folder: string, name: string, records: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return path;
}

/** A copy of a checkpoint that a test may damage. */
export function copyOf(checkpoint: string, folder: string, name: string): string {
  const path = join(folder, name);
  cpSync(fixture(`engine/${checkpoint}`), path, { recursive: true });
  return path;
}

export const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Names in a folder; an empty list if there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
