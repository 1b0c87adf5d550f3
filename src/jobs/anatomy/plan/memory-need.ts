/** What an anatomy holds in memory. It needs the whole model at once, and where memory ends the system ends the process without a message. */
import { failure } from "../../../core/errors.ts";
import type { Precision } from "../../../core/records/precision.ts";
import type { ModelConfig } from "../../../model/architecture/settings/config-types.ts";
import { heldBytes } from "../../../model/architecture/weight-shapes.ts";

const floatBytes = 4;
/** An SAE is held for encoding, and once more as edits of its features: encoder and decoder each. */
const copies = 4;

/**
 * @param saes those of the plan @param available bytes
 * @throws FathomError, exit 1, if weights and SAEs alone do not fit
 */
export function requireMemory(
  config: ModelConfig,
  precision: Precision,
  saes: readonly { d_in: number; d_sae: number }[],
  available: number,
): void {
  const { all } = heldBytes(config, precision);
  const features = saes.reduce((sum, { d_in, d_sae }) => sum + copies * floatBytes * d_in * d_sae, 0);
  if (all + features <= available) return;
  throw failure(
    "fathom anatomy",
    `${gigabytes(all + features)} of free memory: ${gigabytes(all)} for the weights and ${gigabytes(features)} for the SAEs`,
    gigabytes(available),
    "a machine with more memory, or fewer SAEs",
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;
