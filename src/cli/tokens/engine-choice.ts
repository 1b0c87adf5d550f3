/** The options of every command that opens an engine, and their defaults. */
import type { Device } from "../../core/records/device.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { EngineChoice } from "../../jobs/inputs/engine-options.ts";
import { deviceDefault, precisionDefault } from "../../library/defaults.ts";

export interface EngineOptions {
  threads?: number;
  precision?: Precision;
  device?: Device;
  /** false: keep no rounded weights for the next time. */
  cache: boolean;
}

export function engineChoice({
  threads,
  precision = precisionDefault,
  device = deviceDefault,
  cache,
}: EngineOptions): EngineChoice {
  return { threads: threads ?? null, precision, device, keepRounded: cache };
}
