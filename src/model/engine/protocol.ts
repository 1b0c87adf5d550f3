/** What the worker can be asked, and what it answers: plain data both ways. */
import type { Problem } from "../../core/errors.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { ModelConfig } from "../architecture/config.ts";
import type { Overlay } from "../checkpoint/adapter/overlay.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CapturedPiece, CaptureOptions, CaptureRequest } from "./capture.ts";
import type { EngineOptions } from "./engine.ts";
import type { GenerateOptions, GenerateRequest, Generation } from "./generation.ts";
import type { Gradients, Objective } from "./gradients.ts";

export interface GradientRequest {
  /** One sequence, exactly as read. */
  ids: readonly number[];
  objective: Objective;
  /** Layers whose resid_post gradient is wanted. */
  layers: readonly number[];
  /** A block whose weight gradients are wanted as well. */
  weightsOf: number | null;
}

export type Call =
  | { kind: "generate"; requests: readonly GenerateRequest[]; options: GenerateOptions }
  | { kind: "capture"; requests: readonly CaptureRequest[]; options: CaptureOptions }
  | { kind: "gradients"; request: GradientRequest }
  | { kind: "close" };

/** Sent while a call is at work. */
export type Event =
  | { kind: "opened"; done: number; total: number }
  | { kind: "rounded"; done: number; total: number }
  | { kind: "tokens"; count: number; of: "prompt" | "new" }
  | { kind: "generated"; generation: Generation; index: number }
  | { kind: "captured"; piece: CapturedPiece };

export type Answer =
  | { kind: "event"; event: Event }
  | { kind: "done"; gradients: Gradients | null }
  /** `problem` when it was the user's to fix; otherwise a bug, with its stack. */
  | { kind: "failed"; problem: Problem | null; exit: 1 | 2; message: string; stack: string };

export interface WorkerData {
  path: string;
  config: ModelConfig;
  /** What an adapter lays over the weights at `path`. */
  overlay: Overlay | null;
  precision: Precision;
  /** Of the checkpoint: what rounded weights are remembered by. */
  identity: Checkpoint["identity"];
  keepRounded: boolean;
  options: EngineOptions;
  /** Int32[1]; 1 asks for the call at work to end. A message would only be read when it has ended by itself. */
  stop: SharedArrayBuffer;
}
