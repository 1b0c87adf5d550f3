/** Warns before a model is opened that does not fit in memory, because the system would end the process without a message. */
import type { Precision } from "../../core/records/precision.ts";
import type { ModelConfig } from "../../model/architecture/settings/config-types.ts";
import { heldBytes } from "../../model/architecture/weight-shapes.ts";
import { size } from "../terminal/quantities.ts";

/** @param available bytes @returns a line for stderr, or null if the model fits */
export function memoryNote(config: ModelConfig, precision: Precision, available: number): string | null {
  const { all, largest } = heldBytes(config, precision);
  if (all <= available) return null;
  return (
    `note: the model's weights take ${size(all)} in memory and ${size(available)} is available. ` +
    `Try: --low-memory, which holds one block at a time (the largest ${size(largest)})`
  );
}
