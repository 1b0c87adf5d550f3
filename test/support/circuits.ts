/** The written circuits that the anatomy's tests share. Each has distractors on every layer and takes a seed. */
import { active, backup, Circuit, type CircuitSpec, distractors } from "./circuit.ts";

const layers = 8;

function withDistractors(
  spec: Omit<CircuitSpec, "seed">,
  seed: number,
  count: number,
  harmful = 12,
): Circuit {
  return new Circuit({ ...spec, units: [...spec.units, ...distractors(count, layers, seed)], seed, harmful });
}

/** Each builds a circuit from a seed, a number of distractors and a number of harmful prompts. */
export const circuits = {
  bottleneck: (seed: number, count: number, harmful?: number) =>
    withDistractors({ units: [active("a", 2)], refusal: (read) => read("a") }, seed, count, harmful),
  /** Either of two active parts is enough to refuse. */
  parallel: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      { units: [active("a", 2), active("b", 4)], refusal: (read) => Math.min(1, read("a") + read("b")) },
      seed,
      count,
      harmful,
    ),
  /** Both parts are needed to refuse. */
  and: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 2), active("b", 4)],
        refusal: (read) => Math.max(0, read("a") + read("b") - 1),
      },
      seed,
      count,
      harmful,
    ),
  cascade2: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"])],
        refusal: (read) => read("a") + read("b"),
      },
      seed,
      count,
      harmful,
    ),
  cascade3: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"]), backup("c", 5, ["a", "b"])],
        refusal: (read) => read("a") + read("b") + read("c"),
      },
      seed,
      count,
      harmful,
    ),
  /** "idle" wakes with the backup and does nothing. */
  idle: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"]), backup("idle", 4, ["a"])],
        refusal: (read) => read("a") + read("b"),
      },
      seed,
      count,
      harmful,
    ),
  /** Two backups wake together, and either is enough. */
  twinBackups: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"]), backup("c", 3, ["a"])],
        refusal: (read) => Math.min(1, read("a") + read("b") + read("c")),
      },
      seed,
      count,
      harmful,
    ),
  /** A score that differs from run to run of different edits. */
  noisyCascade: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"])],
        refusal: (read) => read("a") + read("b"),
        noise: 0.5,
      },
      seed,
      count,
      harmful,
    ),
  neverRefuses: (seed: number, count: number, harmful?: number) =>
    withDistractors({ units: [active("a", 2)], refusal: () => 0 }, seed, count, harmful),
  outside: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      { units: [active("a", 2, true), active("b", 3)], refusal: (read) => read("a") + 0.1 * read("b") },
      seed,
      count,
      harmful,
    ),
  /** The backup has no feature in the dictionary. */
  outsideBackup: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 1), backup("b", 3, ["a"], true)],
        refusal: (read) => read("a") + read("b"),
      },
      seed,
      count,
      harmful,
    ),
  /** The same unit carries the refusal and the sentence. */
  speech: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 2)],
        refusal: (read) => read("a"),
        fluent: (read) => read("a") > 0.1,
      },
      seed,
      count,
      harmful,
    ),
  /** The dictionary also holds what makes sentences, so ablating everything breaks the text. */
  brittleCeiling: (seed: number, count: number, harmful?: number) =>
    withDistractors(
      {
        units: [active("a", 2), active("tongue", 3)],
        refusal: (read) => read("a"),
        fluent: (read) => read("tongue") > 0.1,
      },
      seed,
      count,
      harmful,
    ),
} as const;

export type CircuitName = keyof typeof circuits;
