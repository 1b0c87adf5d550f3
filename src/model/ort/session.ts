/**
 * Opens a graph as an ONNX Runtime session, with the weights where they lie: mapped from the checkpoint's own files
 * when the bytes can be used as they are, through a short-lived scratch file when they had to be decoded.
 *
 * Spinning: a checkpoint is dozens of sessions in one process, and idle pools that spin starve the one at work. The
 * threads spin inside a run (they wait microseconds for the next operator) and are stopped at its end.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import { failure } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import { scratchFolder, writeAll, writeProblem } from "../../files/disk/io.ts";
import { readExactly } from "../../files/disk/read.ts";
import type { Graph } from "../../graph/build/graph.ts";
import { toOnnx, type WeightPlacement } from "../../graph/onnx.ts";
import type { WeightPlace, Weights } from "../weights/weights.ts";
import { env, InferenceSession } from "./ort.ts";

// What it would log as an error it throws as well, and a message is one line.
env.logLevel = "fatal";

export interface SessionOptions {
  /** The CPU when not given. */
  device?: Device;
  /** Threads of each session; the machine's cores when not given. */
  threads?: number;
  /**
   * Keep freed buffers for the next run. Worth it where they are large (the head's logits: fresh pages cost more than
   * the arithmetic); in each of dozens of blocks they held half as much again as the weights, and were no faster.
   */
  arena?: boolean;
  /** Folder for a trace of every run, in which ONNX Runtime says which provider ran each operator. */
  traces?: string;
}

/** A session over a graph whose weights carry the checkpoint's names. */
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
        return { kind: "external", location: relative(folder, file), offset, length };
      },
      options.device,
    );
    return await createSession(bytes, options, { model_external_initializers_file_folder_path: folder });
  }
  // What had to be decoded goes to ONNX Runtime through a file as well: handed over in memory it is copied twice on the
  // way, and files and memory cannot be mixed in one session (1.30).
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
    // A mapping outlives its file's name.
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes weights one after the other, each at a multiple of 64 bytes. @throws FathomError when the disk is full */
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
      for (const [i, name] of names.entries()) {
        const bytes = bytesOf(places[i]!, () => weights.read(name));
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

/** The bytes of a weight in the dtype that `declareWeight` gave it. */
function bytesOf(place: WeightPlace | null, decode: () => Float32Array<ArrayBuffer>): Uint8Array {
  if (place === null) return new Uint8Array(decode().buffer);
  const fd = openSync(place.file, "r");
  try {
    return readExactly(fd, place.file, place.offset, place.length);
  } finally {
    closeSync(fd);
  }
}

/** A session over a graph whose weights are inputs; on the CPU, where they are. */
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
    // Shapes differ from run to run, so remembered memory patterns only cost memory.
    enableMemPattern: false,
    enableCpuMemArena: options.arena ?? false,
    ...(options.traces === undefined ? {} : tracing(options.traces)),
    extra: {
      session: {
        intra_op: { allow_spinning: "1" },
        force_spinning_stop: "1",
        // Unpacked weights are freed once they are packed; in an arena they would stay.
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

/** Traces of one second would have the same name. */
function tracing(folder: string): { enableProfiling: true; profileFilePrefix: string } {
  return { enableProfiling: true, profileFilePrefix: join(folder, `session-${traced++}`) };
}

/** A provider that is not there is said, and never replaced by the CPU. */
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

/** The deepest folder that holds all of these; Hugging Face caches keep snapshots and blobs side by side. */
function commonAncestor(folders: readonly string[]): string {
  const [first = "", ...rest] = folders;
  let parts = first.split(sep);
  for (const folder of rest) {
    const other = folder.split(sep);
    const differs = parts.findIndex((part, i) => part !== other[i]);
    if (differs >= 0) parts = parts.slice(0, differs);
  }
  // Of different folders of the root, the root.
  return parts.join(sep) || sep;
}
