/**
 * Opens a graph as an ONNX Runtime session. Weights whose bytes can be used unchanged are mapped from the checkpoint's
 * own files. Weights that must be decoded go through a scratch file, which is deleted at once.
 *
 * Spinning: a checkpoint has dozens of sessions in one process, and idle thread pools that spin take time from the
 * session that runs. The threads spin inside a run (they wait microseconds for the next operator) and are stopped at
 * its end.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import { badInput, failure } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import { scratchFolder, writeAll, writeProblem } from "../../files/disk/io.ts";
import { readExactly } from "../../files/disk/read.ts";
import type { Graph } from "../../graph/build/graph.ts";
import { toOnnx, type WeightPlacement } from "../../graph/onnx.ts";
import { Rooms } from "../weights/rooms.ts";
import type { WeightPlace, Weights } from "../weights/weights.ts";
import { env, InferenceSession } from "./ort.ts";

// ONNX Runtime throws every error that it would log. Fathom's message is one line, without the log.
env.logLevel = "fatal";

export interface SessionOptions {
  /** The CPU when not given. */
  device?: Device;
  /** Threads per session; the number of the machine's cores when not given. */
  threads?: number;
  /**
   * Keep freed buffers for the next run. This pays where they are hundreds of megabytes (a step of SAE training). In dozens of blocks
   * they took half as much memory as the weights and gained no speed, and the head's logits are 2% of a step.
   */
  arena?: boolean;
  /** Folder for a trace of every run. In it ONNX Runtime names the provider that ran each operator. */
  traces?: string;
}

/** Opens a session of a graph whose weights have the checkpoint's names. */
export async function openSession(
  graph: Graph,
  weights: Weights,
  options: SessionOptions,
): Promise<InferenceSession> {
  const names = graph.weightNames();
  const places = names.map((name) => weights.place(name));
  const mapped = places.filter((place) => place !== null);
  if (mapped.length === names.length) {
    const folder = commonAncestor([...new Set(mapped.map(({ file }) => dirname(file)))]);
    const bytes = toOnnx(
      graph,
      (name): WeightPlacement => {
        const { file, offset, length } = mapped[names.indexOf(name)]!;
        return { kind: "external", location: relative(folder, file).replaceAll(sep, "/"), offset, length };
      },
      options.device,
    );
    return await createSession(bytes, options, { model_external_initializers_file_folder_path: folder });
  }
  // Decoded weights go to ONNX Runtime through a file too. In memory they would be copied twice on the way, and files and
  // memory cannot be mixed in one session (1.30).
  const scratch = scratchFolder("fathom-");
  try {
    const { file, offsets } = writeScratch(join(scratch, "weights"), names, weights, places);
    const bytes = toOnnx(
      graph,
      (name): WeightPlacement => {
        const { offset, length } = offsets.get(name)!;
        return { kind: "external", location: basename(file), offset, length };
      },
      options.device,
    );
    return await createSession(bytes, options, { model_external_initializers_file_folder_path: scratch });
  } finally {
    removeScratch(scratch);
  }
}

/**
 * A mapping stays valid after its file is deleted. Windows may refuse to delete a mapped file: then it is tried again at the
 * exit.
 */
function removeScratch(folder: string): void {
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    remove();
  } catch {
    process.once("exit", () => {
      try {
        remove();
      } catch {
        // It stays in the system's folder for temporary files.
      }
    });
  }
}

/** Writes weights one after another, each at a multiple of 64 bytes. @throws FathomError when the disk is full */
function writeScratch(
  file: string,
  names: readonly string[],
  weights: Weights,
  places: readonly (WeightPlace | null)[],
): { file: string; offsets: Map<string, { offset: number; length: number }> } {
  const offsets = new Map<string, { offset: number; length: number }>();
  try {
    const fd = openSync(file, "wx");
    try {
      let offset = 0;
      const rooms = new Rooms(weights);
      for (const [i, name] of names.entries()) {
        const bytes = bytesOf(places[i]!, () => rooms.read(name, "scratch"));
        const padding = -bytes.byteLength & 63;
        writeAll(fd, bytes);
        writeAll(fd, new Uint8Array(padding));
        offsets.set(name, { offset, length: bytes.byteLength });
        offset += bytes.byteLength + padding;
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw writeProblem(file, error);
  }
  return { file, offsets };
}

/** The bytes of a weight, in the dtype with which `declareFrom` declared it. */
function bytesOf(place: WeightPlace | null, decode: () => Float32Array<ArrayBuffer>): Uint8Array {
  if (place === null) {
    const { buffer, byteOffset, byteLength } = decode();
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const fd = openSync(place.file, "r");
  try {
    return readExactly(fd, place.file, place.offset, place.length);
  } finally {
    closeSync(fd);
  }
}

/** Opens a session of a graph whose weights are inputs. It runs on the CPU, because these weights are in its memory. */
export async function openWeightless(graph: Graph, options: SessionOptions): Promise<InferenceSession> {
  return await openWeightlessOn("cpu", graph, options);
}

export async function openWeightlessOn(
  device: Device,
  graph: Graph,
  options: SessionOptions,
): Promise<InferenceSession> {
  const bytes = toOnnx(graph, () => ({ kind: "input" }), device);
  return await createSession(bytes, { ...options, device }, {});
}

async function createSession(
  bytes: Uint8Array,
  options: SessionOptions,
  settings: Record<string, string>,
): Promise<InferenceSession> {
  const { device = "cpu" } = options;
  const creating = InferenceSession.create(bytes, {
    executionProviders: [device],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: "sequential",
    // Shapes change from run to run, so memory patterns of earlier runs would only cost memory.
    enableMemPattern: false,
    enableCpuMemArena: options.arena ?? false,
    ...(options.traces === undefined ? {} : tracing(options.traces)),
    extra: {
      session: {
        intra_op: { allow_spinning: "1" },
        force_spinning_stop: "1",
        // Unpacked weights are freed after packing. In an arena they would stay.
        use_device_allocator_for_initializers: "1",
        ...settings,
      },
    },
  });
  return await (device === "cpu"
    ? creating
    : creating.catch((error: unknown) => refuseDevice(device, error)));
}

let traced = 0;

/** Without the number, traces that start in the same second would have the same name. */
function tracing(folder: string): { enableProfiling: true; profileFilePrefix: string } {
  return { enableProfiling: true, profileFilePrefix: join(folder, `session-${traced++}`) };
}

/** Throws when an execution provider is missing. Fathom never replaces it by the CPU silently. */
function refuseDevice(device: Exclude<Device, "cpu">, error: unknown): never {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const needs = {
    webgpu:
      "a GPU with a Vulkan, Metal or Direct3D 12 driver (on Linux libvulkan.so.1 and the driver of its maker)",
    cuda: "an NVIDIA GPU and onnxruntime-node's CUDA libraries (install it with ONNXRUNTIME_NODE_INSTALL=cuda12)",
  };
  throw failure(
    `--device ${device}`,
    needs[device],
    line.replace(/^.* was false\. /, "").slice(-300),
    "--device cpu",
  );
}

/**
 * The deepest folder that contains all of these. Hugging Face caches have snapshots and blobs in sibling folders.
 * @throws FathomError for folders on different drives (Windows)
 */
function commonAncestor(folders: readonly string[]): string {
  const [first = "", ...rest] = folders;
  let parts = first.split(sep);
  for (const folder of rest) {
    const other = folder.split(sep);
    const differs = parts.findIndex((part, i) => part !== other[i]);
    if (differs >= 0) parts = parts.slice(0, differs);
  }
  if (parts.length === 0)
    throw badInput("weights", "all files of a checkpoint on one drive", folders.join(" and "));
  // If they have only the root in common, the root: "/", or "C:\\" on Windows.
  return parts.length === 1 ? parts[0]! + sep : parts.join(sep);
}
