/**
 * Whether a feature is off on its threshold and on above it. A model's own activations never meet a threshold to the bit, so no
 * measurement of them can tell > from ≥; here they are met on purpose, by rows made for it, in the arithmetic that encodes.
 */
import { inMemory } from "../../code/matrix.ts";
import { makeSae, type Sae } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import type { GateCheck } from "./check.ts";

/** @returns none for an SAE without thresholds */
export async function thresholdChecks(sae: Sae): Promise<GateCheck[]> {
  const threshold = sae.kind === "gated" ? new Float32Array(sae.d_sae) : sae.threshold;
  if (threshold === null) return [];
  const session = await SaeSession.open(onThreshold(sae, threshold), { threads: 1 });
  try {
    const { features } = await session.encode(Float32Array.of(0, 1));
    const active = (from: number) =>
      features.subarray(from, from + sae.d_sae).reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
    const [on, above] = [active(0), active(sae.d_sae)];
    return [
      {
        name: "threshold",
        status: on === 0 && above === sae.d_sae ? "pass" : "fail",
        found: on,
        bound: { least: null, most: 0, from: "declared" },
        sentence: `threshold: ${on} of ${sae.d_sae} features are active exactly on their threshold, where none is to be, and ${above} above it, on rows made for it.`,
      },
    ];
  } finally {
    await session.close();
  }
}

/** Of the same kind and thresholds θ, but for one number a row: the pre-activations of 0 are θ to the bit, those of 1 above it and above 0. */
function onThreshold(sae: Sae, threshold: Float32Array<ArrayBuffer>): Sae {
  const { d_sae } = sae;
  const step = threshold.map((value) => (value < 0 ? 1 - 2 * value : 1 + value));
  return makeSae({
    ...sae,
    d_in: 1,
    W_enc: inMemory(step, [1, d_sae]),
    b_enc: threshold,
    W_dec: inMemory(new Float32Array(d_sae), [d_sae, 1]),
    b_dec: new Float32Array(1),
    // Whatever the gate says, a gated feature's own size is above 0.
    magnitude:
      sae.magnitude === null
        ? null
        : { r_mag: new Float32Array(d_sae), b_mag: new Float32Array(d_sae).fill(1) },
    normalize: "none",
  });
}
