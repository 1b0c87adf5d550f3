/** What wakes by chance: random changes of the stream, as large as the ablation and at its sites, wake features too. */
import type { Random } from "../../core/random.ts";
import { exceedance } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { type CleanActivity, wakingOf, wakingUnder } from "./silence.ts";

export interface WakingNull {
  /** Features that the ablation wakes, mean over the prompts. */
  woken: number;
  /** The same for each random change [draws]. */
  atRandom: number[];
  /** (1 + b) / (1 + B): how often a random change wakes as many. */
  p: number;
  /** Feature that the ablation wakes → share of draws and prompts in which a random change wakes it. */
  share: ReadonlyMap<number, number>;
}

export async function wakingNull(
  subject: Subject,
  clean: CleanActivity,
  prompts: readonly number[],
  ablated: FeatureSet,
  { draws, random }: { draws: number; random: Random },
): Promise<WakingNull> {
  const real = await wakingUnder(subject, clean, prompts, ablated);
  const stream = random.split("waking");
  const numbers = Array.from({ length: draws }, () => stream.integer(2 ** 31));
  const rows = await subject.activity(
    numbers.flatMap((draw) =>
      prompts.map((prompt) => ({ prompt, off: [], random: { like: ablated, draw } })),
    ),
  );
  const nulls = numbers.map((_, d) =>
    wakingOf(clean, prompts, rows.slice(d * prompts.length, (d + 1) * prompts.length), ablated),
  );
  const count = ({ woken }: typeof real) => mean(prompts.map((prompt) => woken(prompt).size));
  const atRandom = nulls.map(count);
  const shareOf = (feature: number) =>
    mean(nulls.flatMap(({ woken }) => prompts.map((prompt) => (woken(prompt).has(feature) ? 1 : 0))));
  return {
    woken: count(real),
    atRandom,
    p: exceedance(count(real), atRandom),
    share: new Map(real.all.map((feature) => [feature, shareOf(feature)])),
  };
}
