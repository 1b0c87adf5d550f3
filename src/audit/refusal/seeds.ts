/** Measures whether one sample is enough: how often two samples of one prompt agree on refusing. */

import { clusterOf } from "../../core/cluster.ts";
import { idOf } from "../../core/records/finding-id.ts";
import { groupBy } from "../../stats/group.ts";
import { bootstrap, permutationTest } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import { type Answers, largestCap, refuses } from "../common/answers.ts";
import { smallestCell } from "../common/choices.ts";
import { type Draft, missing, tooFew } from "../common/draft.ts";
import { between, percent } from "../common/say.ts";

export function seedAgreement(run: Answers): Draft {
  const about = { kind: "seed_agreement" } as const;
  const id = idOf(about);
  const question = "Do samples of one prompt agree on whether it is refused?";
  const what = { about, question, unit: "share" };
  if (run.seeds.length < 2) return missing({ ...what, reason: "not measured: every prompt was asked once." });
  const answers = run.at(run.main, largestCap(run)).filter(({ prompt }) => prompt.panel === "main");
  const prompts = [...groupBy(answers, ({ prompt }) => prompt.id).values()].map((samples) => ({
    cluster: clusterOf(samples[0]!.prompt),
    samples: samples.map(refuses),
  }));
  const n = prompts.length;
  if (n < smallestCell) return missing({ ...what, n, reason: tooFew(n, "prompts") });
  const observed = mean(prompts.map(({ samples }) => agreement(samples)));
  const all = prompts.flatMap(({ samples }) => samples);
  const k = run.seeds.length;
  const dealt = permutationTest({
    observed,
    draw: (stream) => {
      const shuffled = stream.shuffle(all);
      return mean(prompts.map((_, i) => agreement(shuffled.slice(i * k, (i + 1) * k))));
    },
    side: "greater",
    resamples: run.resamples,
    level: run.level,
    random: run.random.split(id),
  });
  const interval = bootstrap({
    items: prompts,
    cluster: ({ cluster }) => cluster,
    statistic: (drawn) => mean(drawn.map(({ samples }) => agreement(samples))),
    resamples: run.resamples,
    level: run.level,
    random: run.random.split(`${id} bootstrap`),
  });
  return {
    ...what,
    estimate: observed,
    interval,
    n,
    method: `share of agreeing pairs among ${k} samples, bootstrap over matched pairs; permutation test, samples shuffled between prompts`,
    control: { kind: "samples of different prompts", estimate: dealt.mean, interval: dealt.interval },
    sentence: `Two samples of one prompt agree on refusing in ${percent(observed)} of cases (${between(interval, run.level, percent)}, ${n} prompts, ${k} samples each). Two samples of different prompts agree in ${percent(dealt.mean)}.`,
    decision: { p: dealt.p },
  };
}

/** Share of the pairs of samples that agree. */
function agreement(samples: readonly number[]): number {
  const refused = samples.reduce((sum, value) => sum + value, 0);
  const answered = samples.length - refused;
  const pairs = (m: number) => (m * (m - 1)) / 2;
  return (pairs(refused) + pairs(answered)) / pairs(samples.length);
}
