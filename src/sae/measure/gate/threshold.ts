/**
 * Checks that a feature is off exactly at its threshold and on above it. A model's own activations never equal a
 * threshold to the bit, so they cannot tell > from ≥. This check uses rows that are made to equal it, in the same
 * arithmetic that encodes.
 */
import { inMemory } from "../../code/matrix.ts";
import { makeSae, type Sae } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import type { GateCheck } from "./check.ts";

/** @returns an empty list for an SAE without thresholds */
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

/**
 * An SAE of the same kind with the same thresholds θ, but with rows of one number (d_in = 1). For the row 0 the
 * pre-activations are θ to the bit; for the row 1 they are above θ and above 0.
 */
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
    // The magnitude of a gated feature is above 0, so that only its gate decides whether it is active.
    magnitude:
      sae.magnitude === null
        ? null
        : { r_mag: new Float32Array(d_sae), b_mag: new Float32Array(d_sae).fill(1) },
    normalize: "none",
  });
}
