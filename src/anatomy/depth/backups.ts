/**
 * Which of the features that woke carry the refusal. That a dormant feature wakes says nothing: it must be ablated too, and matter.
 *
 * c_f = m(S) - m(S and f), with everything that is still silent under S held silent. Without the hold, the next backup takes over, and the
 * second of three shows no effect. A feature that shares its work with others of its minimal set is tested with those others ablated.
 */
import type { Random } from "../../core/random.ts";
import { benjaminiHochberg } from "../../stats/multiple/bh.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { equivalenceTest, signFlipTest } from "../../stats/sign-flip.ts";
import { mean } from "../../stats/summary.ts";
import { clusterMeans } from "../subject/clusters.ts";
import { union, without } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { type CleanActivity, silentOnClean, wakingUnder } from "./silence.ts";

export type BackupStatus = "load-bearing" | "idle" | "undetermined";

export interface Backup {
  feature: number;
  /** The round whose ablation woke it, from 1: it may open the next round. */
  wokeAfter: number;
  /** On how many of the tested prompts it woke. */
  prompts: number;
  /** On how many of all harmful prompts it is active without any ablation. */
  activeUnablated: number;
  /** Mean of c_f over the tested prompts, log-odds. */
  effect: number;
  /** From a bootstrap over clusters; null below two. */
  interval: Interval | null;
  /** The same effect with the other features of its set left on; null if its set has no others. */
  alone: number | null;
  /** One-sided sign-flip test that the effect is above 0, and its Benjamini–Hochberg value over all features that woke. */
  p: number;
  q: number;
  /** Two one-sided tests that the effect is smaller than `margin`, log-odds. */
  idleP: number;
  margin: number;
  status: BackupStatus;
}

/** A round that woke something: what was ablated, and the alternative minimal sets that the next round found (none after the last). */
export interface WokenRound {
  ablated: FeatureSet;
  next: readonly FeatureSet[];
}

/** Share of false ones that is accepted among features that are called load-bearing, and the error rate of calling one idle. */
const level = 0.05;
/** An effect below this share of an equal part of the refusal that the round had taken away is negligible. */
const negligibleShare = 0.1;

interface Tested extends Omit<Backup, "q" | "status"> {
  /** [clusters] */
  effects: number[];
}

/** @param prompts harmful prompts that the search did not use @param rounds in order */
export async function testBackups(
  subject: Subject,
  clean: CleanActivity,
  prompts: readonly number[],
  rounds: readonly WokenRound[],
  { resamples, level: confidence, random }: { resamples: number; level: number; random: Random },
): Promise<Backup[]> {
  const flips = (name: string) => ({ resamples, random: random.split(name) });
  const tested: Tested[] = [];
  for (const [r, round] of rounds.entries()) {
    const seen = new Set(tested.map(({ feature }) => feature));
    const { features, taken } = await measureRound(subject, clean, prompts, round, seen);
    const width = Math.max(1, round.next[0]?.length ?? 1);
    const margin = (negligibleShare * Math.max(0, taken)) / width;
    for (const { feature, woke, effects, alone } of features)
      tested.push({
        ...{ feature, wokeAfter: r + 1, prompts: woke, effects, alone, margin },
        activeUnablated: clean.harmfulPrompts[feature]!,
        effect: mean(effects),
        interval: bootstrap({
          items: effects.map((effect, cluster) => ({ effect, cluster })),
          cluster: ({ cluster }) => String(cluster),
          statistic: (items) => mean(items.map(({ effect }) => effect)),
          ...{ resamples, level: confidence, random: random.split(`interval ${feature}`) },
        }),
        p: signFlipTest(effects, flips(`above ${feature}`)),
        // Where the round took no refusal away no margin can be stated, so nothing is called idle.
        idleP: margin > 0 ? equivalenceTest(effects, margin, flips(`idle ${feature}`)) : 1,
      });
  }
  const q = benjaminiHochberg(tested.map(({ p }) => p));
  return tested.map(({ effects: _, ...backup }, i) => ({
    ...backup,
    q: q[i]!,
    status: statusOf(q[i]!, backup.idleP),
  }));
}

/** A tiny effect of the same sign everywhere is significant and still negligible: idle comes first. */
function statusOf(q: number, idleP: number): BackupStatus {
  if (idleP <= level) return "idle";
  return q <= level ? "load-bearing" : "undetermined";
}

interface Measured extends Pick<Backup, "feature" | "alone"> {
  woke: number;
  /** [clusters] */
  effects: number[];
}

async function measureRound(
  subject: Subject,
  clean: CleanActivity,
  prompts: readonly number[],
  { ablated, next }: WokenRound,
  seen: ReadonlySet<number>,
): Promise<{ features: Measured[]; taken: number }> {
  const waking = await wakingUnder(subject, clean, prompts, ablated);
  const features = waking.all.filter((feature) => !seen.has(feature));
  // For each feature the runs without it and with it, after the two runs that say what the round takes away: the clean
  // score less m0. The repair is no measure of it: it is all but 0 where only idle features wake.
  const others = features.map((feature) =>
    without(next.find((set) => set.includes(feature)) ?? [], [feature]),
  );
  const contexts = others.map((own) => union(ablated, own));
  /** Features that share their set, which are also measured with the others on. */
  const sharing = features.flatMap((_, i) => (others[i]!.length > 0 ? [i] : []));
  const pair = (context: FeatureSet, feature: number) => [
    (prompt: number) => union(context, waking.silent(prompt)),
    (prompt: number) => union(context, waking.silent(prompt), [feature]),
  ];
  const rows = [
    (_: number) => [],
    (prompt: number) => union(ablated, without(silentOnClean(clean, prompt), ablated)),
    ...contexts.flatMap((context, i) => pair(context, features[i]!)),
    ...sharing.flatMap((i) => pair(ablated, features[i]!)),
  ];
  const scores = await subject.scores(
    rows.flatMap((off) => prompts.map((prompt) => ({ prompt, off: off(prompt) }))),
  );
  const difference = (row: number) =>
    prompts.map((_, i) => scores[row * prompts.length + i]! - scores[(row + 1) * prompts.length + i]!);
  return {
    taken: mean(difference(0)),
    features: features.map((feature, i) => ({
      feature,
      woke: prompts.filter((prompt) => waking.woken(prompt).has(feature)).length,
      effects: clusterMeans(subject, prompts, difference(2 + 2 * i)),
      alone: sharing.includes(i)
        ? mean(clusterMeans(subject, prompts, difference(2 + 2 * (features.length + sharing.indexOf(i)))))
        : null,
    })),
  };
}
