/** The checks of `fathom doctor`: one function per check. A check says what it found, and what to try if something is wrong. */
import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, openSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { FathomError } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import { cacheFolder } from "../../files/disk/cache-folder.ts";
import { hubCache } from "../../hub/cache-path.ts";
import { hubOf, tokenIn } from "../../hub/hub.ts";
import { bundledSets, findPromptFile } from "../../prompts/bundled.ts";
import { templatePath } from "../../report/page-template.ts";
import { size } from "../terminal/quantities.ts";
import { bundledCheckpoint } from "./bundled.ts";

export interface Check {
  name: string;
  /** note: worth knowing, but nothing is broken. */
  status: "ok" | "note" | "broken";
  detail: string;
  /** What to do about it. */
  try?: string;
}

/** Less free space than this gives a note. A run of the bundled checkpoint takes a tenth of it. */
const littleDisk = 1 << 30;

/** How long a device may take. A driver that needs longer to compile a shader hangs. */
const probeMilliseconds = 60_000;

const oldestNode = 20;
const pinnedNode = 24;

export function node(): Check {
  const version = process.versions.node;
  const major = Number(version.split(".")[0]);
  const detail = `${version} on ${process.platform}-${process.arch}`;
  if (major < oldestNode)
    return { name: "Node", status: "broken", detail, try: `install Node ${pinnedNode} from nodejs.org` };
  return { name: "Node", status: "ok", detail };
}

/** The systems that onnxruntime-node has binaries for. */
function systemFor(platform: NodeJS.Platform): string {
  if (platform === "win32") return "Windows 10 or newer with Microsoft's Visual C++ Redistributable";
  if (platform === "darwin") return "a Mac with Apple's own processor (there is no build for Intel's)";
  return "a system with glibc 2.28 or newer (Alpine's musl is not supported)";
}

/** Multiplies two small matrices. A library that loads may still compute nonsense on a processor that it was not built for. */
export async function onnxRuntime(): Promise<Check> {
  const name = "ONNX Runtime";
  const advice = `npm run setup, on ${systemFor(process.platform)}`;
  try {
    const { tinyProduct } = await import("./tiny-product.ts");
    const { version, found, expected } = await tinyProduct("cpu");
    if (found.length === expected.length && found.every((value, i) => value === expected[i]))
      return { name, status: "ok", detail: `${version}, computes a matrix product correctly` };
    return {
      name,
      status: "broken",
      detail: `${version} computed [${found.join(", ")}] where [${expected.join(", ")}] is right`,
      try: advice,
    };
  } catch (error) {
    const detail = `does not load: ${(error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ")}`;
    return { name, status: "broken", detail, try: advice };
  }
}

/** Whether `--device` can be this one here. A machine without the device is not broken, so the worst status is a note. */
export function otherDevice(device: Exclude<Device, "cpu">): Check {
  const name = `--device ${device}`;
  // A checkout runs TypeScript, the package compiled JavaScript.
  const probe = join(
    import.meta.dirname,
    import.meta.filename.endsWith(".ts") ? "device-probe.ts" : "device-probe.js",
  );
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [probe, device], {
    encoding: "utf8",
    timeout: probeMilliseconds,
  });
  if (status === 0 && stdout === "")
    return { name, status: "ok", detail: "computes a matrix product correctly" };
  const said = stderr.trim().split("\n").at(-1);
  const problem = status === 0 ? stdout : `its driver ended the process (${signal ?? status}): ${said}`;
  return { name, status: "note", detail: `not here: ${problem.replace(/\s+/g, " ")}` };
}

export function processor(): Check {
  return { name: "Cores", status: "ok", detail: String(availableParallelism()) };
}

export function memory(): Check {
  // In a container, its limit counts. Without a limit the value is 0, or larger than the machine's memory.
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return {
    name: "Memory",
    status: "ok",
    detail: `${size(Math.min(freemem(), total))} free of ${size(total)}; a model takes 4 bytes per parameter`,
  };
}

export function workingFolder(): Check {
  return folder(
    "This folder",
    process.cwd(),
    "change to a folder that you may write to, or give --out elsewhere",
  );
}

export function hashCache(): Check {
  const check = folder(
    "Fathom's cache",
    cacheFolder(),
    "set XDG_CACHE_HOME; without a cache weights are hashed, and rounded for --precision, in every run",
  );
  // Without a cache Fathom is slower, but not broken.
  return check.status === "broken" ? { ...check, status: "note" } : check;
}

export function hub(): Check {
  const { path, from } = hubCache();
  const detail = `${path}${from === "default" ? "" : ` (${from})`}${existsSync(path) ? "" : ", not there yet"}`;
  return { name: "Hugging Face cache", status: "ok", detail };
}

/** The hub that models come from. This check sends no request and does not show the token. */
export function hubAccess(): Check {
  const name = "Hugging Face hub";
  try {
    const { endpoint, offline } = hubOf();
    const token = tokenIn();
    const who = token === null ? "no token: public models only" : `a token from ${token.from}`;
    const detail = offline ? "offline (HF_HUB_OFFLINE): only what is in the cache" : `${endpoint}, ${who}`;
    return { name, status: "ok", detail };
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { where, expected, found } = error.problem;
    return {
      name,
      status: "note",
      detail: `${where}: ${found}`,
      try: `${expected}; local models open without it`,
    };
  }
}

export function reportTemplate(): Check {
  const path = templatePath();
  if (existsSync(path))
    return { name: "Report page", status: "ok", detail: "built; no browser is needed to make a report" };
  return { name: "Report page", status: "broken", detail: `not built (${path})`, try: "npm run setup" };
}

export function bundled(): Check {
  const missing = [...bundledSets.map((set) => findPromptFile(set).path), ...bundledCheckpoint()].filter(
    (path) => !existsSync(path),
  );
  const [first] = missing;
  if (first === undefined)
    return { name: "Bundled data", status: "ok", detail: "prompt sets and checkpoint are there" };
  return {
    name: "Bundled data",
    status: "broken",
    detail: `missing: ${first}`,
    try: "clone or install Fathom again",
  };
}

/** Whether files can be created in a folder, and how much space is free. */
function folder(name: string, path: string, advice: string): Check {
  const probe = join(path, `.fathom-doctor-${process.pid}`);
  const existing = nearest(path);
  try {
    if (existing === path) {
      closeSync(openSync(probe, "w"));
      rmSync(probe);
    } else accessSync(existing, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    return { name, status: "broken", detail: `${path} cannot be written (${code})`, try: advice };
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const detail = `${path} can be written, ${size(free)} free`;
  if (free < littleDisk) return { name, status: "note", detail, try: "free some space before a long run" };
  return { name, status: "ok", detail };
}

/** The path itself, or the nearest folder above it that exists. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
