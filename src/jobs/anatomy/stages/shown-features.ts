/** Where the features of an anatomy fire: their strongest tokens in fitting prompts, clean and with earlier rounds ablated. */
import { wakingUnder } from "../../../anatomy/depth/silence.ts";
import { setOf, union, without } from "../../../anatomy/subject/feature-set.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import { type Estimate, meanOf } from "./estimates.ts";
import { type FiringRole, firingRoles } from "./firing-roles.ts";
import type { FoundSets } from "./minimal-sets.ts";
import type { Redundancy } from "./redundancy.ts";
import { promptsOf, type Stage } from "./stage.ts";

/** A feature at its strongest token of a prompt. */
export interface Peak {
  prompt: number;
  /** Rounds that were ablated when it was read; 0 is the clean run. */
  rounds: number;
  /** Token of the prompt, from 0. */
  position: number;
  /** [tokens of the prompt] */
  activations: Float32Array;
}

export interface ShownFeature {
  candidate: number;
  /**
   * Fall of the score of refused fitting prompts when it is ablated, where the rounds before its own and the rest of its set are ablated,
   * and everything that is still silent is held silent. Without the hold a backup would hide what a primary does.
   */
  effect: Estimate;
  /** Fitting prompts of each side on which it fires in the clean run. */
  activeOn: { harmful: number; harmless: number };
  /** In harmful fitting prompts and their clean answers, with the rounds before its own ablated. */
  roles: FiringRole[];
  /** Strongest first, at most one per prompt. */
  peaks: Peak[];
}

const mostPeaks = 6;

export async function shownFeatures(
  stage: Stage,
  { pooled }: FoundSets,
  redundancy: Redundancy | null,
): Promise<ShownFeature[]> {
  const { subject, plan, level } = stage;
  const rounds = redundancy?.depth.rounds ?? [];
  /** What is ablated before each round, from 0. */
  const before: FeatureSet[] = [[], ...rounds.map(({ ablated }) => ablated)];
  const roundOf = new Map<number, number>();
  for (const { features } of pooled.sets) for (const feature of features) roundOf.set(feature, 0);
  for (const { feature, wokeAfter } of redundancy?.backups ?? []) roundOf.set(feature, wokeAfter);
  rounds.forEach(({ features }, r) => {
    for (const feature of features) roundOf.set(feature, r);
  });
  const features = setOf(roundOf.keys());
  if (features.length === 0) return [];
  const sides = {
    harmful: promptsOf(stage, "fit", "harmful").slice(0, 2 * plan.sizes.control_prompts),
    harmless: promptsOf(stage, "fit", "harmless").slice(0, 2 * plan.sizes.control_prompts),
  };
  const questions = before.flatMap((off, r) =>
    (r === 0 ? [...sides.harmful, ...sides.harmless] : sides.harmful).map((prompt) => ({
      ...{ rounds: r, prompt, off, features },
    })),
  );
  const rows = await subject.readings.firing(questions);
  const refusing = pooled.standing.refusing;
  const held: ((prompt: number) => FeatureSet)[] = [];
  for (const off of before)
    held.push(
      redundancy === null ? () => [] : (await wakingUnder(subject, redundancy.clean, refusing, off)).silent,
    );
  const sets = [...rounds.map(({ features: own }) => own), ...pooled.sets.map(({ features: own }) => own)];
  const scores = await subject.scores(
    features.flatMap((feature) => {
      const round = roundOf.get(feature)!;
      const others = without(sets.find((set) => set.includes(feature)) ?? [], [feature]);
      const around = (prompt: number) =>
        union(before[round]!, without(held[round]!(prompt), [feature]), others);
      return [[], [feature]].flatMap((set) =>
        refusing.map((prompt) => ({ prompt, off: union(around(prompt), set) })),
      );
    }),
  );
  return features.map((candidate, f) => {
    const read = questions.map(({ prompt, rounds: r }, i) => {
      const tokens = rows[i]!.length / features.length;
      return { prompt, rounds: r, activations: rows[i]!.slice(f * tokens, (f + 1) * tokens) };
    });
    const peaks = read.map((row): Peak => {
      const activations = row.activations.slice(0, subject.tokensOf(row.prompt));
      return { ...row, position: strongest(activations), activations };
    });
    const harmful = ({ prompt, rounds: r }: (typeof read)[number]) =>
      r === roundOf.get(candidate) && subject.prompts[prompt]!.side === "harmful";
    const firing = peaks.filter(({ activations, position }) => activations[position] !== 0);
    const isOn = (side: "harmful" | "harmless") =>
      firing.filter(({ prompt, rounds: r }) => r === 0 && subject.prompts[prompt]!.side === side).length;
    const n = refusing.length;
    const own = scores.slice(2 * f * n, 2 * (f + 1) * n);
    const falls = refusing.map((_, i) => own[i]! - own[n + i]!);
    return {
      candidate,
      effect: meanOf(stage, refusing, falls, level),
      activeOn: { harmful: isOn("harmful"), harmless: isOn("harmless") },
      roles: firingRoles(stage, read.filter(harmful)),
      peaks: onePerPrompt(firing).slice(0, mostPeaks),
    };
  });
}

function strongest(activations: Float32Array): number {
  let best = 0;
  activations.forEach((value, i) => {
    if (Math.abs(value) > Math.abs(activations[best]!)) best = i;
  });
  return best;
}

function onePerPrompt(peaks: readonly Peak[]): Peak[] {
  const at = ({ activations, position }: Peak) => Math.abs(activations[position]!);
  const seen = new Set<number>();
  return [...peaks]
    .sort((a, b) => at(b) - at(a) || a.prompt - b.prompt || a.rounds - b.rounds)
    .filter(({ prompt }) => !seen.has(prompt) && seen.add(prompt));
}
