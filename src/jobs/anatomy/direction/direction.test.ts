/** Directions against Transformers with hooks (oracle/direction_fixtures.py), and on the organism whose refusals are planted. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DirectionFilters } from "../../../anatomy/direction/choose.ts";
import type { RefusalScore } from "../../../anatomy/score/score.ts";
import { type Model, openModel } from "../../../model/model.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { type DirectionOptions, type DirectionResult, findDirection } from "./direction.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = join(root, "test/fixtures/direction");

type Sides = Record<"harmful" | "harmless", number[][]>;
interface Fixture {
  checkpoint: string;
  positions: number[];
  tokens: number[];
  fit: Sides;
  validate: Sides;
  candidates: { layer: number; position: number; bypass: number; induce: number; kl: number }[];
}

const none: DirectionFilters = { leastInduce: null, mostKl: null, depth: null };
const published: DirectionFilters = { leastInduce: 0, mostKl: 0.1, depth: 0.8 };
const options = (fixture: Fixture, filters: DirectionFilters, exhaustive: boolean): DirectionOptions => ({
  ...{
    layers: null,
    positions: fixture.positions,
    exhaustive,
    screenedShare: 0.2,
    filters,
    agreeingOnly: false,
  },
  ...{
    randomDirections: 8,
    doses: [0, 0.5, 1],
    splits: 20,
    mostDimensions: 3,
    coneSamples: 4,
    level: 0.95,
    seed: 0,
  },
});
const forgetful: Memory = { recall: async (_what, _inputs, measure) => await measure() };

function open(name: string): Fixture {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as Fixture;
}

function promptsOf({ fit, validate }: Fixture): ReadPrompt[] {
  return Object.entries({ fit, validate }).flatMap(([split, sides]) =>
    (["harmful", "harmless"] as const).flatMap((side) =>
      sides[side].map((ids, i) => ({
        ...{ id: `${split} ${side} ${i}`, cluster: `${split} ${i}`, side, ids },
        split: split as "fit" | "validate",
      })),
    ),
  );
}

/** A score at the prompt's last token, with given tokens. */
function scoreOf(tokens: readonly number[]): RefusalScore {
  const place = { prefix: [], tokens };
  return { last: place, deciding: place, boundary: 0 } as unknown as RefusalScore;
}

async function found(
  model: Model,
  fixture: Fixture,
  filters: DirectionFilters,
  exhaustive: boolean,
  memory = forgetful,
): Promise<DirectionResult> {
  const { result } = await findDirection({
    ...{ model, memory, prompts: promptsOf(fixture), score: scoreOf(fixture.tokens) },
    ...{ options: options(fixture, filters, exhaustive), tell: () => undefined },
  });
  return result;
}

const place = (result: DirectionResult) =>
  result.chosen === null ? null : [result.chosen.layer, result.chosen.position];

it.each(readdirSync(folder))("%s: every candidate has Transformers' bypass, induce and KL", async (name) => {
  const fixture = open(name);
  const model = await openModel(join(root, fixture.checkpoint), { threads: 1 });
  const { candidates } = await found(model, fixture, none, true);
  const places = (of: readonly { layer: number; position: number }[]) =>
    of.map(({ layer, position }) => [layer, position]);
  expect(places(candidates)).toEqual(places(fixture.candidates));
  fixture.candidates.forEach((expected, i) => {
    for (const what of ["bypass", "induce", "kl"] as const)
      expect(Math.abs(candidates[i]![what] - expected[what])).toBeLessThan(1e-3);
  });
  await model.close();
});

describe("the organism's direction", () => {
  const fixture = open("organism.json");
  it("stands out from random directions, is the same in halves of the prompts, and works by dose", async () => {
    const model = await openModel(join(root, fixture.checkpoint), { threads: 1 });
    const result = await found(model, fixture, published, true);
    const { chosen, clean } = result;
    expect(clean.harmful).toBeGreaterThan(2);
    expect(clean.harmless).toBeLessThan(-5);
    expect(chosen!.random.bypass.p).toBeCloseTo(1 / 9, 12);
    expect(chosen!.random.bypass.random.interval[0]).toBeGreaterThan(clean.harmful - 2);
    expect(chosen!.splitHalf!.interval[0]).toBeGreaterThan(0.5);
    const doses = chosen!.doses.map(({ estimate }) => estimate);
    expect(doses[0]).toBeCloseTo(clean.harmless, 6);
    expect(doses[2]).toBeCloseTo(
      result.candidates.find((one) => one.layer === chosen!.layer && one.position === chosen!.position)!
        .induce,
      6,
    );
    expect(doses[1]).toBeGreaterThan(doses[0]!);
    expect(chosen!.dimensions.count).toBeGreaterThanOrEqual(1);
    expect(chosen!.dimensions.removals[0]!.before).toBeCloseTo(clean.harmful, 12);
    await model.close();
  });

  it("is chosen after the screen too, which measures a part of the candidates", async () => {
    const model = await openModel(join(root, fixture.checkpoint), { threads: 1 });
    const all = await found(model, fixture, published, true);
    const screened = await found(model, fixture, published, false);
    expect(place(screened)).toEqual(place(all));
    expect(screened.considered).toBe(all.candidates.length);
    expect(screened.candidates.length).toBeLessThan(all.candidates.length / 2);
    expect(screened.blockEvaluations).toBeLessThan(all.blockEvaluations);
    await model.close();
  });

  it("is found again from memory, without another measurement, to the byte", async () => {
    const model = await openModel(join(root, fixture.checkpoint), { threads: 1 });
    const known = new Map<string, unknown>();
    const memory = (onMissing: () => void): Memory => ({
      async recall<T>(what: string, inputs: unknown, measure: () => Promise<T>): Promise<T> {
        const key = JSON.stringify([what, inputs]);
        if (!known.has(key)) {
          onMissing();
          known.set(key, await measure());
        }
        return known.get(key) as T;
      },
    });
    const first = await found(
      model,
      fixture,
      published,
      false,
      memory(() => undefined),
    );
    const again = await found(
      model,
      fixture,
      published,
      false,
      memory(() => expect.unreachable("measured again")),
    );
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    await model.close();
  });
});
