/** Depth, width and backups of random circuits against brute force, and runs in which there is nothing to find. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  active,
  backup,
  bruteForce,
  Circuit,
  distractors,
  type Unit,
} from "../../../test/support/circuit.ts";
import { random } from "../../core/random.ts";
import { takeApart } from "../minimal/take-apart.ts";
import { setOf, union } from "../subject/feature-set.ts";
import type { Ask, FeatureSet, Subject } from "../subject/subject.ts";
import { flipsByScore } from "../trial/trial.ts";
import { testBackups } from "./backups.ts";
import { redundancyDepth } from "./rounds.ts";
import { type CleanActivity, cleanActivity } from "./silence.ts";

const limits = { sets: 20, searches: 60, measured: 4 };

/**
 * A cascade of stages. Every stage refuses by one of its parts (any) or by all of them together (all), and senses all earlier stages.
 * An idle unit wakes with some stages and does nothing.
 */
function cascade(
  seed: number,
  stages: readonly { parts: number; kind: "any" | "all"; idle: boolean }[],
): Circuit {
  const names = stages.map(({ parts }, s) => Array.from({ length: parts }, (_, i) => `${s}.${i}`));
  const value = (read: (unit: string) => number, s: number) => {
    const parts = names[s]!.map(read);
    return stages[s]!.kind === "any" ? Math.max(...parts) : Math.min(...parts);
  };
  const units = stages.flatMap(({ idle }, s): Unit[] => {
    // Senses what the stages do, not which of their parts do it.
    const unit = (name: string): Unit => ({
      name,
      layer: 2 * s,
      drive: (read, harm) => harm - 1.5 * stages.slice(0, s).reduce((sum, _, t) => sum + value(read, t), 0),
    });
    return [...names[s]!.map(unit), ...(idle && s > 0 ? [unit(`idle ${s}`)] : [])];
  });
  const refusal = (read: (unit: string) => number) =>
    Math.min(
      1,
      stages.reduce((sum, _, s) => sum + value(read, s), 0),
    );
  return new Circuit({
    units: [...units, ...distractors(3, 6, seed)],
    refusal,
    seed,
    harmful: 3,
    harmless: 1,
  });
}

/** The definition, by brute force: smallest sets under the hold, round by round, until the free model gives way. */
async function bruteRounds(circuit: Circuit, clean: CleanActivity, prompt: number): Promise<FeatureSet[][]> {
  const everything = circuit.candidates.map((_, i) => i);
  const rounds: FeatureSet[][] = [];
  let ablated: FeatureSet = [];
  for (;;) {
    const [activity] = await circuit.activity([{ prompt, off: ablated }]);
    const hold = everything.filter(
      (f) => clean.active.get(prompt)![f] === 0 && activity![f] === 0 && !ablated.includes(f),
    );
    const held = union(ablated, hold);
    const flips = flipsByScore(circuit, { prompts: [prompt], around: () => held, boundary: 0, needed: 1 });
    const sets = await bruteForce(
      everything.filter((f) => !held.includes(f)),
      flips,
    );
    rounds.push(sets);
    ablated = union(ablated, sets[0]!);
    const [free] = await circuit.scores([{ prompt, off: ablated }]);
    if (free! < 0) return rounds;
  }
}

it("depth, widths and alternatives of random cascades are those of brute force", async () => {
  const stage = fc.record({
    parts: fc.integer({ min: 1, max: 2 }),
    kind: fc.constantFrom("any" as const, "all" as const),
    idle: fc.boolean(),
  });
  const circuits = fc.tuple(
    fc.integer({ min: 1, max: 1e6 }),
    fc.array(stage, { minLength: 1, maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(circuits, async ([seed, stages]) => {
      const circuit = cascade(seed, stages);
      const clean = await cleanActivity(circuit, [0, 1, 2], [3]);
      const truth = await bruteRounds(circuit, clean, 0);
      const trial = { prompts: [0], around: (): FeatureSet => [], boundary: 0, needed: 1 };
      const found = await redundancyDepth(circuit, clean, trial, {
        decoderCosine: null,
        limits,
        mostRounds: 6,
      });
      expect(found.depth).toBe(truth.length);
      expect(found.depth).toBe(stages.length);
      const text = (sets: readonly FeatureSet[]) => sets.map((set) => set.join()).sort();
      found.rounds.forEach((round, r) => {
        expect(round.features.length).toBe(truth[r]![0]!.length);
        expect(text(round.found.sets.map(({ features }) => features))).toEqual(text(truth[r]!));
      });
    }),
    { numRuns: 60, seed: 14 },
  );
});

/** A subject whose backups wake and do nothing: every score is noise. */
function noise(seed: number, recruits: number, prompts: number): Subject {
  const candidates = Array.from({ length: recruits + 1 }, (_, feature) => ({ sae: "s", layer: 0, feature }));
  const score = ({ prompt, off }: Ask) => random(`${seed}/${prompt}/${off.join()}`).normal();
  return {
    candidates,
    prompts: Array.from({ length: prompts }, (_, i) => ({
      ...{ id: `${i}`, cluster: `${i}`, side: "harmful", split: "test" },
    })),
    scores: (asks) => Promise.resolve(Float64Array.from(asks, score)),
    sensitivities: () => Promise.reject(new Error("not asked")),
    activity: (asks) =>
      Promise.resolve(
        asks.map(({ off }) => Float32Array.from(candidates, (_, f) => (f === 0 || off.includes(0) ? 1 : 0))),
      ),
    judged: (asks) => (asks.length === 0 ? Promise.resolve([]) : Promise.reject(new Error("not asked"))),
  };
}

it("backups that only wake are called load-bearing in at most 5% of null runs", async () => {
  const [runs, prompts] = [300, 12];
  let called = 0;
  for (let seed = 0; seed < runs; seed++) {
    const subject = noise(seed, 8, prompts);
    const all = Array.from({ length: prompts }, (_, i) => i);
    const clean = await cleanActivity(subject, all, []);
    const backups = await testBackups(subject, clean, all, [{ ablated: [0], next: [] }], {
      ...{ resamples: 500, level: 0.95, random: random(seed) },
    });
    expect(backups).toHaveLength(8);
    if (backups.some(({ status }) => status === "load-bearing")) called++;
  }
  // 5% of 300 is 15; more than 25 happens once in 200.
  expect(called).toBeLessThanOrEqual(25);
  expect(called).toBeGreaterThan(0);
});

it("nothing is found where nothing is to be found", async () => {
  for (let seed = 0; seed < 60; seed++) {
    const hidden = seed % 2 === 0;
    const circuit = new Circuit({
      units: [active("a", 1, true), backup("b", 3, ["a"], true), ...distractors(40, 6, seed)],
      refusal: (read) => (hidden ? read("a") + read("b") : 0),
      noise: 0.5,
      seed,
    });
    const universe = setOf(circuit.candidates.keys());
    const search = { boundary: 0, decoderCosine: null, limits };
    const found = await takeApart(circuit, circuit.harmful("fit"), universe, search);
    expect(found.outcome).toBe(hidden ? "not in this dictionary" : "no refusal to take apart");
  }
});
