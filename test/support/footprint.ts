/**
 * Records what a process leaves behind and where it connects: files in folders that were empty, and its internet
 * sockets.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface Footprint {
  code: number | null;
  stderr: string;
  /** Files below the process's own home, temporary and working folders, except Fathom's cache. */
  files: string[];
  /** Internet sockets that were seen open, as /proc names them; always empty on systems without /proc. */
  sockets: string[];
}

/** Milliseconds between two looks at the sockets. */
const between = 15;

/** Runs Node with home, temporary and working folders below `folder`. @param args Node's arguments */
export async function footprint(folder: string, args: readonly string[]): Promise<Footprint> {
  const [home, tmp, cwd] = ["home", "tmp", "cwd"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [home, tmp, cwd]) mkdirSync(made, { recursive: true });
  // No other variable is passed on. For example, ONNX Runtime sends nothing if CI, GITHUB_ACTIONS or TF_BUILD is set.
  const { PATH, SystemRoot } = process.env;
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { PATH, SystemRoot, HOME: home, USERPROFILE: home, TMPDIR: tmp, TEMP: tmp, TMP: tmp },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const seen = new Set<string>();
  const watch = setInterval(() => {
    for (const socket of socketsOf(child)) seen.add(socket);
  }, between);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !file.startsWith("home/.cache/fathom/"));
  return { code, stderr, files, sockets: [...seen] };
}

function socketsOf({ pid }: ChildProcess): string[] {
  try {
    const open = new Set(
      readdirSync(`/proc/${pid}/fd`).map(
        (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1],
      ),
    );
    return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
      readFileSync(`/proc/${pid}/net/${protocol}`, "utf8")
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns[9] !== undefined && open.has(columns[9]))
        .map((columns) => `${protocol} to ${columns[2]!}`),
    );
  } catch {
    // The process has ended, or there is no /proc.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
