import { describe, expect, it } from "vitest";
import { random } from "../../../core/random.ts";
import { tangent, unitRows } from "../../code/unit-rows.ts";
import { addPlaceGradients, byFeature } from "../loss/place-gradients.ts";
import type { Objective } from "../objectives/objective.ts";
import { adamStep, adamUpdate, freshMoments } from "../state/adam.ts";
import { freshState } from "../state/training-state.ts";
import type { Weights } from "../state/weights.ts";
import { rangeSize } from "./feature-rows.ts";
import { Updates } from "./updates.ts";

// Just enough weights for threads, in several ranges, the last of which is cut short.
const widths = { d_in: 100, d_sae: 5300 };
const { d_in, d_sae } = widths;
const [B, k] = [40, 8];
const moments = { beta1: 0.9, beta2: 0.999, epsilon: 6.25e-10 };
const [rate, shrink] = [0.01, 0.999];
const objective = { own: { log_threshold: { start: () => 0, pace: 3 } } } as unknown as Objective;

const draw = random("updates");
const normal = (length: number) => Float32Array.from({ length }, () => draw.normal());

function weights(): Weights {
  const own = random("weights");
  const some = (length: number) => Float32Array.from({ length }, () => own.normal());
  const W_dec = some(d_sae * d_in);
  unitRows(W_dec, d_in);
  return {
    W_encT: some(d_sae * d_in),
    b_enc: some(d_sae),
    W_dec,
    b_dec: some(d_in),
    log_threshold: some(d_sae),
  };
}

/** What some steps bring, with and without gradients of the graph and places. */
const steps = [true, false].flatMap((isGiven) =>
  [true, false].map((hasPlaces) => {
    const given: Partial<Weights> = { b_dec: normal(d_in), log_threshold: normal(d_sae) };
    if (isGiven) Object.assign(given, { W_encT: normal(d_sae * d_in), b_enc: normal(d_sae) });
    const found = {
      indices: Int32Array.from({ length: B * k }, () => Math.floor(draw.uniform() * d_sae)),
      values: normal(B * k),
      dValues: normal(B * k),
      dDecoded: normal(B * d_in),
    };
    const places = hasPlaces ? { byFeature: byFeature(found, k, d_sae), outputs: found } : null;
    return { gradients: given, places, x: normal(B * d_in) };
  }),
);

async function after(threads: number) {
  const state = freshState(weights(), d_sae);
  const updates = new Updates(state, objective, widths, moments, threads);
  for (const step of steps) await updates.step(structuredClone(step), rate, shrink);
  await updates.close();
  return state;
}

/** The same from whole arrays. */
function expected(): Weights {
  const own = weights();
  const state = new Map(Object.entries(own).map(([name, { length }]) => [name, freshMoments(length)]));
  for (const [i, { gradients: given, places, x }] of steps.entries()) {
    const whole = Object.fromEntries(
      Object.entries(own).map(([name, { length }]) => [
        name,
        given[name as "b_enc"]?.slice() ?? new Float32Array(length),
      ]),
    ) as unknown as Weights;
    if (places !== null) {
      const all = { from: 0, to: d_sae };
      const ofCentre = addPlaceGradients(whole, places.byFeature, places.outputs, x, own, all);
      for (let at = 0; at < d_in; at++) whole.b_dec[at] = whole.b_dec[at]! - ofCentre[at]!;
    }
    tangent(whole.W_dec, own.W_dec, d_in);
    const adam = adamStep(moments, i + 1, rate);
    for (const [name, values] of Object.entries(own))
      adamUpdate(
        { name, values, gradient: whole[name as "b_enc"], shrink, pace: name === "log_threshold" ? 3 : 1 },
        state.get(name)!,
        adam,
      );
    unitRows(own.W_dec, d_in);
  }
  return own;
}

describe("updates of all weights", () => {
  it("equal those of whole arrays, with one thread and with three, to the bit", async () => {
    expect(d_sae / rangeSize(widths)).toBeGreaterThan(3);
    const one = await after(1);
    const { b_dec, ...others } = expected();
    for (const [name, values] of Object.entries(others))
      expect(Buffer.compare(bytes(one.weights[name as "b_enc"]), bytes(values)), name).toBe(0);
    // The ranges' parts are added in another order.
    for (const [i, value] of b_dec.entries()) expect(one.weights.b_dec[i]).toBeCloseTo(value, 6);
    const three = await after(3);
    for (const [name, values] of Object.entries(one.weights))
      expect(Buffer.compare(bytes(three.weights[name as "b_enc"]), bytes(values)), name).toBe(0);
    for (const [name, { first, second }] of one.adam.moments) {
      const other = three.adam.moments.get(name)!;
      expect(Buffer.compare(bytes(other.first), bytes(first)), name).toBe(0);
      expect(Buffer.compare(bytes(other.second), bytes(second)), name).toBe(0);
    }
    expect(three.adam.steps).toBe(steps.length);
  });
});

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
}
