/** How every command opens its engine: its threads as asked, its progress shown. */
import type { Device } from "../../core/records/device.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { OpenOptions } from "../../model/model.ts";
import { deviceDefault, precisionDefault } from "../options/defaults.ts";
import type { Progress } from "../terminal/progress.ts";

/** The options that decide it; every command that opens an engine has them. */
export interface EngineOptions {
  threads?: number;
  precision?: Precision;
  device?: Device;
  /** false: keep no rounded weights for the next time. */
  cache: boolean;
}

export function engineOptions(
  { threads, precision = precisionDefault, device = deviceDefault, cache }: EngineOptions,
  progress: Progress,
): OpenOptions {
  return {
    ...(threads === undefined ? {} : { threads }),
    precision,
    device,
    keepRounded: cache,
    onRounded: (done, total) => {
      progress.show(() => `rounding the weights to ${precision}: matrix ${done + 1} of ${total}`);
    },
    onPart: (done, total) => {
      progress.show(() => `opening the model: part ${done} of ${total}`);
    },
  };
}
