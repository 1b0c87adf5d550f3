import { describe, expect, it } from "vitest";
import { active, Circuit, type CircuitSpec, distractors } from "../../../test/support/circuit.ts";
import { circuits } from "../../../test/support/circuits.ts";
import { type Random, random } from "../../core/random.ts";
import { keyOf } from "../subject/feature-set.ts";
import type { Candidate, FeatureSet } from "../subject/subject.ts";
import { judgedControls, scoreControls } from "./against-controls.ts";
import { runArms } from "./arms.ts";
import { onHarmless } from "./harmless.ts";
import { controlsFor, type Traits } from "./matched.ts";
import { stability } from "./stability.ts";

const calipers = { norm: 1.5, frequency: 2, decoderCosine: 0.1 };

/** Candidates that all match, on `sites` sites. */
function alike(count: number, sites: number): { candidates: Candidate[]; traits: Traits } {
  const fill = (value: number) => new Float64Array(count).fill(value);
  return {
    candidates: Array.from({ length: count }, (_, i) => ({
      sae: `site ${i % sites}`,
      layer: i % sites,
      feature: i,
    })),
    traits: { norm: fill(2), frequency: fill(0.1), decoderCosine: fill(0.3) },
  };
}

describe("matched sets", () => {
  const options = { taken: [0, 1, 2, 3], calipers, count: 199, random: random(1) };

  it("have one feature for each member, of its site, and are distinct", () => {
    const { candidates, traits } = alike(200, 2);
    const { kind, controls, exhaustive } = controlsFor(candidates, traits, [0, 1, 2, 3], options);
    expect({ kind, exhaustive }).toEqual({ kind: "matched sets", exhaustive: false });
    expect(new Set(controls.map(({ off }) => keyOf(off))).size).toBe(199);
    for (const { off } of controls) {
      expect(off).toHaveLength(4);
      expect(off.filter((f) => candidates[f]!.layer === 0)).toHaveLength(2);
      expect(off.some((f) => f < 4)).toBe(false);
    }
  });

  it("differ from their member by no more than the calipers", () => {
    const { candidates, traits } = alike(60, 1);
    const member = [0, 1, 2, 3];
    const others = [
      ["norm", 3.2],
      ["norm", 1.2],
      ["frequency", 0.25],
      ["frequency", 0],
      ["decoderCosine", 0.45],
      ["decoderCosine", -0.3],
    ] as const;
    others.forEach(([trait, value], i) => {
      traits[trait][10 + i] = value;
    });
    const { controls } = controlsFor(candidates, traits, member, options);
    const used = new Set(controls.flatMap(({ off }) => off));
    others.forEach((_, i) => {
      expect(used.has(10 + i)).toBe(false);
    });
    expect(used.size).toBe(60 - 4 - others.length);
  });

  it("are all used where fewer than wanted exist, and replaced by random directions below 19", () => {
    // Two members and seven others: 21 pairs. With six others, 15 pairs.
    const pair = { ...options, taken: [0, 1] };
    const all = controlsFor(...spread(alike(9, 1)), [0, 1], pair);
    expect(all).toMatchObject({ kind: "matched sets", matched: 21, exhaustive: true });
    const few = controlsFor(...spread(alike(8, 1)), [0, 1], pair);
    expect(few).toMatchObject({ kind: "random directions", matched: 15, exhaustive: true });
    expect(few.controls).toHaveLength(199);
    expect(few.controls[3]).toEqual({ off: [], random: { like: [0, 1], draw: 3 } });
    const alone = controlsFor(...spread(alike(2, 2)), [0], pair);
    expect(alone).toMatchObject({ kind: "random directions", matched: 0, exhaustive: true });
  });
});

const spread = ({ candidates, traits }: ReturnType<typeof alike>) => [candidates, traits] as const;

/** A circuit with its refusing unit on a layer of 60 units of like size. */
function crowded(seed: number, refusal: CircuitSpec["refusal"]) {
  const crowd = Array.from({ length: 60 }, (_, i) => ({ ...active(`crowd ${i}`, 2) }));
  const units = [active("a", 2), ...crowd, ...distractors(20, 6, seed)];
  const circuit = new Circuit({ units, refusal, seed, harmful: 60 });
  const fill = (value: number) => new Float64Array(circuit.candidates.length).fill(value);
  const traits = { norm: fill(1), frequency: fill(1), decoderCosine: fill(0) };
  const controls = (set: FeatureSet, count: number, draw: Random) =>
    controlsFor(circuit.candidates, traits, set, { taken: set, calipers, count, random: draw }).controls;
  return { circuit, controls };
}

describe("a set against its controls", () => {
  it("stands out where it carries the refusal, by score and by judge", async () => {
    const { circuit, controls } = crowded(1, (read) => read("a"));
    const set = [...circuit.named("a", "crowd 0")].sort((a, b) => a - b);
    const test = circuit.harmful("test");
    const scored = await scoreControls(circuit, test, set, controls(set, 199, random(1)), 0);
    expect(scored.fall.p).toBe(1 / 200);
    expect(scored.below).toMatchObject({ observed: 1, p: 1 / 200 });
    const judged = await judgedControls(circuit, test, set, controls(set, 50, random(2)), 0.95);
    expect(judged).toMatchObject({ rate: 1, flips: { p: 1 / 51 }, set: { complied: 20 } });
    expect(judged.controls).toMatchObject({ asked: 1000, refused: 1000 });
    expect(judged.interval[0]).toBeGreaterThan(0.8);
    expect(judged.paired.p).toBeLessThan(1e-4);
    expect(judged.paired.difference).toBe(1);
  });

  it("does not stand out where it is one of the crowd: at most 5% of null runs are called", async () => {
    const runs = 200;
    let called = 0;
    for (let seed = 0; seed < runs; seed++) {
      const draw = random(`null ${seed}`);
      const { circuit, controls } = crowded(seed, (read) => read("a"));
      const crowd = circuit.named(...Array.from({ length: 60 }, (_, i) => `crowd ${i}`));
      const set = draw.shuffle(crowd).slice(0, 2);
      const { fall } = await scoreControls(circuit, [0, 3, 6], set, controls(set, 39, draw), 0);
      if (fall.p <= 0.05) called++;
    }
    // 5% of 200 is 10; more than 18 happens once in 150.
    expect(called).toBeLessThanOrEqual(18);
    expect(called).toBeGreaterThan(0);
  });
});

it("arms: no strength changes nothing, a repeated run is equal, an ablation that reaches nothing says so", async () => {
  const circuit = circuits.noisyCascade(2, 20);
  const test = circuit.harmful("test");
  const quiet = circuits.cascade2(2, 20);
  expect(await runArms(quiet, test, quiet.named("a"))).toEqual({ noOp: 0, repeat: 0, moved: test.length });
  expect((await runArms(quiet, test, quiet.named("b"))).moved).toBe(0);
  // This circuit's noise differs between edits, as it would where an edit is no identity at strength 0.
  expect((await runArms(circuit, test, circuit.named("a"))).noOp).toBeGreaterThan(0);
});

it("an ablation that causes refusals of harmless prompts is counted in both directions", async () => {
  const circuit = new Circuit({
    units: [{ name: "calm", layer: 1, drive: () => 1 }, ...distractors(10, 4, 3)],
    refusal: (read) => 1 - read("calm"),
    harmless: 20,
    seed: 3,
  });
  const harmless = circuit.prompts.flatMap(({ side }, i) => (side === "harmless" ? [i] : []));
  const effect = await onHarmless(circuit, harmless, circuit.named("calm"), 0.95);
  expect(effect.counts).toEqual({ both: 0, firstOnly: 20, secondOnly: 0, neither: 0 });
  expect(effect.difference).toBe(1);
  expect(effect.p).toBeLessThan(1e-5);
  const none = await onHarmless(circuit, harmless, circuit.named("distractor 1"), 0.95);
  expect(none).toMatchObject({ difference: 0, p: 1 });
});

describe("stability over resampled prompts", () => {
  const search = { decoderCosine: null, measured: 0, resamples: 12, random: random(4) };
  const stable = (circuit: Circuit, units: string[]) => {
    const trial = { prompts: circuit.harmful("fit"), around: (): FeatureSet => [], boundary: 0 };
    const universe = circuit.candidates.map((_, i) => i);
    return stability(circuit, trial, { universe, set: circuit.named(...units) }, search);
  };

  it("finds the parts of a circuit every time", async () => {
    const circuit = circuits.cascade3(1, 40, 24);
    const { chosen, overlap, resamples } = await stable(circuit, ["a", "b", "c"]);
    expect({ overlap, resamples }).toEqual({ overlap: 1, resamples: 12 });
    expect([...chosen.values()]).toEqual([1, 1, 1]);
  });

  it("shows a set that is one of two alternatives", async () => {
    const circuit = circuits.and(3, 40, 24);
    const { chosen, overlap } = await stable(circuit, ["a"]);
    const [a, b] = ["a", "b"].map((unit) => chosen.get(circuit.named(unit)[0]!) ?? 0);
    expect(a! + b!).toBeCloseTo(1, 12);
    expect(overlap).toBe(a);
  });
});
