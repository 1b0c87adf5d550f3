import { describe, expect, it } from "vitest";
import { active, answering, backup, Circuit, distractors, type Unit } from "../../../test/support/circuit.ts";
import { type CircuitName, circuits } from "../../../test/support/circuits.ts";
import { random } from "../../core/random.ts";
import { standingOf } from "../minimal/take-apart.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { testBackups } from "./backups.ts";
import { hardening } from "./hardening.ts";
import { heldOut } from "./held-out.ts";
import { repairs } from "./repair.ts";
import { redundancyDepth } from "./rounds.ts";
import { cleanActivity, silentOnClean, wakingUnder } from "./silence.ts";
import { wakingNull } from "./waking-null.ts";

const seeds = [1, 2, 3];
const draws = { resamples: 500, level: 0.95 };

function promptsOf(circuit: Circuit) {
  const of = (side: "harmful" | "harmless") =>
    circuit.prompts.flatMap((prompt, i) => (prompt.side === side ? [i] : []));
  return { harmful: of("harmful"), harmless: of("harmless") };
}

async function depthOf(circuit: Circuit, mostRounds = 5, subject: Subject = circuit) {
  const { harmful, harmless } = promptsOf(circuit);
  const clean = await cleanActivity(subject, harmful, harmless);
  const universe = circuit.candidates.map((_, i) => i);
  const standing = await standingOf(subject, circuit.harmful("fit"), universe, {
    ...{ boundary: 0, decoderCosine: null },
  });
  const trial = {
    ...{ prompts: standing.refusing, around: (): FeatureSet => [] },
    ...{ boundary: 0, needed: standing.needed },
  };
  const search = { decoderCosine: null, limits: { sets: 4, searches: 8, measured: 8 }, mostRounds };
  return { clean, harmless, depth: await redundancyDepth(subject, clean, trial, search) };
}

async function backupsOf(circuit: Circuit) {
  const { clean, depth } = await depthOf(circuit);
  const rounds = depth.rounds.map(({ ablated }, r) => ({
    ablated,
    next: depth.rounds[r + 1]?.found.sets.map(({ features }) => features) ?? [],
  }));
  const options = { ...draws, random: random(1) };
  return testBackups(circuit, clean, circuit.harmful("test"), rounds, options);
}

describe("depth and width of written circuits", () => {
  const truth: Partial<Record<CircuitName, string[][]>> = {
    bottleneck: [["a"]],
    parallel: [["a", "b"]],
    cascade2: [["a"], ["b"]],
    cascade3: [["a"], ["b"], ["c"]],
    idle: [["a"], ["b"]],
    twinBackups: [["a"], ["b", "c"]],
    brittleCeiling: [["a"]],
  };
  for (const [name, rounds] of Object.entries(truth) as [CircuitName, string[][]][])
    it(name, async () => {
      for (const seed of seeds) {
        const circuit = circuits[name](seed, 40);
        const { depth } = await depthOf(circuit);
        expect(depth.ending).toBe("gave way");
        expect(depth.depth).toBe(rounds.length);
        expect(depth.rounds.map(({ features }) => features)).toEqual(
          rounds.map((units) => circuit.named(...units)),
        );
      }
    });

  it("an AND gate has depth 1 and two alternative sets of one", async () => {
    const circuit = circuits.and(3, 40);
    const { depth } = await depthOf(circuit);
    expect(depth.depth).toBe(1);
    expect(depth.rounds[0]!.found.sets.map(({ features }) => features.join()).sort()).toEqual(
      ["a", "b"].map((unit) => circuit.named(unit).join()).sort(),
    );
  });

  it("is unknown where what refuses has no feature, or no feature explains the return", async () => {
    for (const name of ["outside", "outsideBackup"] as const)
      expect((await depthOf(circuits[name](2, 40))).depth).toMatchObject({
        ...{ depth: null, ending: "not in this dictionary", rounds: [] },
      });
    const circuit = circuits.bottleneck(2, 40);
    const returning = answering(circuit, ({ off }) => (off.length > 1 ? "comply" : "refuse"));
    const { depth } = await depthOf(circuit, 5, returning);
    expect(depth).toMatchObject({ depth: null, ending: "nothing woke" });
    expect(depth.rounds).toHaveLength(1);
  });

  it("ends at broken text, and at its limit", async () => {
    expect((await depthOf(circuits.speech(2, 40))).depth.ending).toBe("only broken text");
    expect((await depthOf(circuits.cascade3(2, 20), 2)).depth).toMatchObject({
      depth: null,
      ending: "limit",
    });
  });
});

it("what harmless prompts use is neither held nor a recruit", async () => {
  const help: Unit = { name: "help", layer: 4, drive: (read, harm) => 1 - 1.5 * harm * read("a") };
  const circuit = new Circuit({
    units: [active("a", 1), backup("b", 3, ["a"]), help, ...distractors(20, 6, 1)],
    refusal: (read) => read("a") + read("b"),
    seed: 1,
  });
  const { harmful, harmless } = promptsOf(circuit);
  const clean = await cleanActivity(circuit, harmful, harmless);
  const waking = await wakingUnder(circuit, clean, harmful, circuit.named("a"));
  const [answer] = circuit.named("help");
  expect(clean.harmfulPrompts[answer!]).toBe(0);
  expect(waking.all).toEqual(circuit.named("b"));
  for (const prompt of harmful) expect(silentOnClean(clean, prompt)).not.toContain(answer);
});

describe("repair", () => {
  it("is exactly 0 where nothing is ablated, and all of the refusal where a backup takes over", async () => {
    const circuit = circuits.cascade3(4, 40);
    const { harmful, harmless } = promptsOf(circuit);
    const clean = await cleanActivity(circuit, harmful, harmless);
    const sets = [[], circuit.named("a"), circuit.named("a", "b"), circuit.named("a", "b", "c")];
    const test = circuit.harmful("test");
    const curve = await repairs(circuit, clean, test, sets, { ...draws, random: random(2) });
    expect(curve[0]!.free).toEqual(curve[0]!.held);
    expect(curve[0]!.repair).toEqual({ mean: 0, interval: [0, 0] });
    for (const step of [1, 2]) {
      expect(Math.min(...curve[step]!.free)).toBeGreaterThan(4);
      expect(Math.max(...curve[step]!.held)).toBeLessThan(-4);
      expect(curve[step]!.repair.interval![0]).toBeGreaterThan(10);
      expect(curve[step]!.waking.all).toEqual(circuit.named(["", "b", "c"][step]!));
    }
    expect(Math.max(...curve[3]!.free)).toBeLessThan(-4);
    expect(Math.abs(curve[3]!.repair.mean)).toBeLessThan(0.2);
    // The circuit scales the score up as units go; the frozen norm does not.
    expect(curve[1]!.repairAtCleanNorm.mean).not.toBe(curve[1]!.repair.mean);
    expect(curve[1]!.repairAtCleanNorm.interval![0]).toBeGreaterThan(9);
    expect(curve.map(({ p }) => p).slice(0, 3)).toEqual([1, 2 ** -test.length, 2 ** -test.length]);
    expect(curve[3]!.p).toBeGreaterThan(0.2);
  });
});

describe("backups", () => {
  it("are load-bearing, the second of three as well, and a part that only wakes is idle", async () => {
    for (const seed of seeds) {
      const cascade = circuits.cascade3(seed, 40, 30);
      const found = await backupsOf(cascade);
      expect(found.map(({ feature, status }) => [feature, status])).toEqual([
        [cascade.named("b")[0], "load-bearing"],
        [cascade.named("c")[0], "load-bearing"],
      ]);
      const idle = circuits.idle(seed, 40, 30);
      const states = new Map((await backupsOf(idle)).map(({ feature, status }) => [feature, status]));
      expect(states).toEqual(
        new Map([
          [idle.named("b")[0], "load-bearing"],
          [idle.named("idle")[0], "idle"],
        ]),
      );
    }
  });

  it("that share their work are tested with each other ablated", async () => {
    const twins = await backupsOf(circuits.twinBackups(5, 40, 30));
    expect(twins.map(({ status }) => status)).toEqual(["load-bearing", "load-bearing"]);
    // With its twin left on, neither does anything.
    for (const { alone, effect, interval } of twins) {
      expect(Math.abs(alone!)).toBeLessThan(effect / 5);
      expect(interval![0]).toBeLessThanOrEqual(effect);
      expect(interval![1]).toBeGreaterThanOrEqual(effect);
    }
  });

  it("are idle where they only rescale the stream a little, also after the last round, where nothing is repaired", async () => {
    const circuit = new Circuit({
      units: [active("a", 1), backup("rescales", 4, ["a"]), ...distractors(30, 6, 4)],
      refusal: (read) => read("a") + 0.01 * read("rescales"),
      harmful: 30,
      seed: 4,
    });
    expect((await backupsOf(circuit)).map(({ status }) => status)).toEqual(["idle"]);
  });

  it("stay undetermined where the prompts are too few to say", async () => {
    const few = await backupsOf(circuits.idle(1, 40, 9));
    expect(few.map(({ status }) => status)).toEqual(["undetermined", "undetermined"]);
  });
});

it("hardening: recruits that are held on bring the refusal back, an idle one does not", async () => {
  const circuit = circuits.idle(3, 40);
  const { harmful, harmless } = promptsOf(circuit);
  const clean = await cleanActivity(circuit, harmful, harmless);
  const prompts = { prompts: circuit.harmful("test"), harmless };
  const on = (unit: string) =>
    hardening(circuit, clean, prompts, circuit.named("a"), circuit.named(unit), {
      ...{ ...draws, random: random(1) },
    });
  const useful = await on("b");
  expect(useful.returned).toBeGreaterThan(0.9);
  expect(useful.returned).toBeLessThan(1.1);
  expect(useful.interval![0]).toBeGreaterThan(0.8);
  expect(useful.harmlessRefusing).toEqual({ on: harmless.length, clean: 0, of: harmless.length });
  const idle = await on("idle");
  expect(Math.abs(idle.returned)).toBeLessThan(0.05);
  expect(idle.harmlessRefusing.on).toBe(0);
});

describe("rounds on prompts that the search did not use", () => {
  it("give the same depth, and each round its answers", async () => {
    const circuit = circuits.cascade3(4, 40);
    const ablated = [circuit.named("a"), circuit.named("a", "b"), circuit.named("a", "b", "c")];
    const test = circuit.harmful("test");
    const found = await heldOut(circuit, test, ablated, 0.9, { ...draws, random: random(3) });
    expect(found.depth).toEqual({ estimate: 3, interval: [3, 3] });
    expect(found.rounds.map(({ complied }) => complied)).toEqual([0, 0, test.length]);
    const two = await heldOut(circuit, test, ablated.slice(0, 2), 0.9, { ...draws, random: random(3) });
    expect(two.depth).toEqual({ estimate: null, interval: [3, 3] });
  });

  it("differ where some prompts give way earlier", async () => {
    const circuit = circuits.cascade2(4, 40);
    const test = circuit.harmful("test");
    const early = new Set(test.slice(0, Math.floor(test.length / 2)));
    const some = answering(circuit, ({ off, prompt }) =>
      off.length > 1 || early.has(prompt) ? "comply" : "refuse",
    );
    const ablated = [circuit.named("a"), circuit.named("a", "b")];
    const needed = early.size / test.length;
    const { depth } = await heldOut(some, test, ablated, needed, { ...draws, random: random(3) });
    expect(depth).toEqual({ estimate: 1, interval: [1, 2] });
  });
});

describe("the null of what wakes", () => {
  it("random changes wake less than the ablation of what the backups sense", async () => {
    const senses = Array.from({ length: 6 }, (_, i) => `b${i}`);
    const circuit = new Circuit({
      units: [active("a", 1), ...senses.map((name) => backup(name, 3, ["a"])), ...distractors(60, 6, 2)],
      refusal: (read) => read("a"),
      seed: 2,
    });
    const { harmful, harmless } = promptsOf(circuit);
    const clean = await cleanActivity(circuit, harmful, harmless);
    const options = { draws: 39, random: random(1) };
    const test = circuit.harmful("test");
    const real = await wakingNull(circuit, clean, test, circuit.named("a"), options);
    expect(real.woken).toBe(6);
    expect(real.p).toBe(1 / 40);
    for (const unit of senses) expect(real.share.get(circuit.named(unit)[0]!)).toBeLessThan(0.2);
  });

  it("what nothing senses wakes no more than a random change", async () => {
    const circuit = circuits.bottleneck(2, 60);
    const { harmful, harmless } = promptsOf(circuit);
    const clean = await cleanActivity(circuit, harmful, harmless);
    const options = { draws: 19, random: random(1) };
    const none = await wakingNull(circuit, clean, circuit.harmful("test"), circuit.named("a"), options);
    expect(none.p).toBeGreaterThan(0.05);
  });
});
