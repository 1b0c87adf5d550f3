/** The calls that the worker accepts and its answers. Both are plain data, but for the port of a live generation. */
import type { MessagePort } from "node:worker_threads";
import type { Problem } from "../../core/errors.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { ModelConfig } from "../architecture/config.ts";
import type { Overlay } from "../checkpoint/adapter/overlay.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Ledger, Measured, MeasureOptions, MeasureRequest } from "./branches/measured.ts";
import type { CapturedPiece, CaptureOptions, CaptureRequest } from "./capture.ts";
import type { Edit } from "./edits/edit.ts";
import type { HeldEdits } from "./edits/held-edits.ts";
import type { EngineOptions } from "./engine.ts";
import type { GenerateOptions, GenerateRequest, Generation, NewToken } from "./generation.ts";
import type { GradientCost, GradientOptions, GradientRequest, Gradients } from "./gradients.ts";

export type Call =
  /** Each message of the port is an `Arrival`. Without a port no request arrives while it runs, and no tokens are told. */
  | {
      kind: "generate";
      requests: readonly GenerateRequest[];
      options: GenerateOptions;
      arrivals: MessagePort | null;
    }
  | { kind: "capture"; requests: readonly CaptureRequest[]; options: CaptureOptions }
  | { kind: "gradients"; requests: readonly GradientRequest[]; options: GradientOptions }
  | { kind: "measure"; requests: readonly MeasureRequest[]; options: MeasureOptions }
  | { kind: "hold"; edits: readonly Edit[]; behind: HeldEdits | null }
  | { kind: "release"; held: HeldEdits }
  | { kind: "close" };

/** Sent while a call runs. */
export type Event =
  | { kind: "opened"; done: number; total: number }
  | { kind: "rounded"; done: number; total: number }
  | { kind: "tokens"; count: number; of: "prompt" | "new" }
  | { kind: "new"; tokens: readonly NewToken[] }
  | { kind: "generated"; generation: Generation; index: number }
  | { kind: "captured"; piece: CapturedPiece }
  | { kind: "differentiated"; gradients: Gradients }
  | { kind: "measured"; measured: Measured }
  /** What a call computed. */
  | { kind: "descended"; cost: GradientCost }
  | { kind: "evaluated"; ledger: Ledger }
  | { kind: "held"; held: HeldEdits };

export type Answer =
  | { kind: "event"; event: Event }
  | { kind: "done" }
  /** `problem` describes an error that the user can fix. If it is null, the failure is a bug, with its stack. */
  | { kind: "failed"; problem: Problem | null; exit: 1 | 2; message: string; stack: string };

export interface WorkerData {
  path: string;
  config: ModelConfig;
  /** The adapter's overlay over the weights at `path`; null without an adapter. */
  overlay: Overlay | null;
  precision: Precision;
  /** Whether int8 multiplies in 8-bit integers (`multipliesInt8`). */
  int8Products: boolean;
  /** The checkpoint's identity, which is the key of its rounded weights in the cache. */
  identity: Checkpoint["identity"];
  keepRounded: boolean;
  options: EngineOptions;
  /**
   * Int32[1]; 1 tells the running call to stop.
   * The worker would read a message only after the call has ended by itself.
   */
  stop: SharedArrayBuffer;
}
