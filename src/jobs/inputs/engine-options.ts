/** The options with which every job and command opens its engine, and reports the engine's progress. */
import type { Device } from "../../core/records/device.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { OpenOptions } from "../../model/model.ts";
import type { Tell } from "../job/job-events.ts";

export interface EngineChoice {
  /** null: one per core. */
  threads: number | null;
  precision: Precision;
  device: Device;
  /** Keep rounded weights on the disk for the next time. */
  keepRounded: boolean;
}

/** @param signal if given, stops the engine at its next token */
export function engineOptions(
  { threads, precision, device, keepRounded }: EngineChoice,
  tell: Tell,
  signal?: AbortSignal,
): OpenOptions {
  return {
    ...(threads === null ? {} : { threads }),
    precision,
    device,
    keepRounded,
    ...(signal === undefined ? {} : { signal }),
    onRounded: (done, total) => {
      tell({ kind: "counted", what: `rounding the weights to ${precision}`, done, total, unit: "matrix" });
    },
    onPart: (done, total) => {
      tell({ kind: "counted", what: "opening the model", done, total, unit: "part" });
    },
  };
}
