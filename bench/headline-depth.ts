/**
 * How often `headline.depth` is wrong, and how often it is claimed. Made-up models with a known truth are taken apart by the functions that
 * take real ones apart: rounds on fit prompts, the rounds on test prompts, repair, the record, its findings, the headline. Only scores,
 * activity and judged answers are made up. docs/method.md prints what this printed.
 *
 *     node bench/headline-depth.ts [--runs 1000] [--seed 1] [--test 20,40] [--only 85%]
 *
 * `--test`: refused test prompts. There are twice as many fit prompts, at most as many as a search takes.
 */
import { parseArgs } from "node:util";
import { heldOut } from "../src/anatomy/depth/held-out.ts";
import { repairs } from "../src/anatomy/depth/repair.ts";
import { redundancyDepth } from "../src/anatomy/depth/rounds.ts";
import { cleanActivity } from "../src/anatomy/depth/silence.ts";
import { standingOf } from "../src/anatomy/minimal/take-apart.ts";
import type { Ask, Subject } from "../src/anatomy/subject/subject.ts";
import { analyse } from "../src/audit/analyse.ts";
import { anatomyFindings } from "../src/audit/anatomy/findings.ts";
import { withDepth } from "../src/audit/headlines/depth.ts";
import { random } from "../src/core/random.ts";
import { redundancyRecord } from "../src/jobs/anatomy/record-redundancy.ts";
import { anatomyDefaults } from "../src/library/defaults.ts";
import { isHazard, refuseAt, world } from "../test/support/audit-world.ts";
import { syntheticAnatomy } from "../test/support/synthetic-anatomy.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    test: { type: "string", default: "20,40" },
    only: { type: "string", default: "" },
  },
});
const runs = Number(values.runs);
const { sizes } = anatomyDefaults;
const level = 0.95;

/** What is true of a made-up model. */
interface Truth {
  what: string;
  /** Share of prompts that comply with the first feature ablated, and with the first and its backup ablated. */
  first: number;
  both: number;
  /** Whether the refusal score sees whether an answer refuses. If not, repair is 0 in truth, whatever the answers do. */
  seen: boolean;
}

const [first, backup, bystander] = [0, 1, 2];
const universe = [first, backup, bystander];

/** The first feature refuses. Its backup wakes without it, and refuses on some prompts. The bystander does nothing. */
function made(seed: string, truth: Truth, fit: number, test: number): Subject {
  const prompts = (split: "fit" | "test", count: number) =>
    Array.from({ length: count }, (_, i) => {
      const id = `${split} ${i}`;
      return { id, cluster: id, side: "harmful" as const, split };
    });
  const all = [...prompts("fit", fit), ...prompts("test", test)];
  /** In half of the prompts one random number decides under both sets. */
  const complies = ({ prompt, off }: Ask): boolean => {
    if (!off.includes(first)) return false;
    const draw = random(`${seed}/${prompt}`);
    const [share, name] = off.includes(backup) ? [truth.both, "both"] : [truth.first, "first"];
    const u = draw.split("half").uniform() < 0.5 ? draw.split("shared") : draw.split(name);
    return u.uniform() < share;
  };
  const score = (ask: Ask): number => {
    const noise = random(`${seed}/${ask.prompt}/${ask.off.join()}/${ask.finalNorm ?? "own"}`).normal();
    const refuses = truth.seen || !ask.off.includes(first) ? !complies(ask) : false;
    return (refuses ? 4 : -4) + 2 * noise;
  };
  return {
    candidates: universe.map((feature) => ({ sae: "made", layer: feature, feature })),
    prompts: all,
    scores: (asks) => Promise.resolve(Float64Array.from(asks, score)),
    sensitivities: (asks) =>
      Promise.resolve(asks.map((ask) => ({ score: score(ask), gradient: Float32Array.of(-2, -1, 0) }))),
    activity: (asks) =>
      Promise.resolve(asks.map(({ off }) => Float32Array.of(1, off.includes(first) ? 1 : 0, 1))),
    judged: (asks) =>
      Promise.resolve(
        asks.map((ask) => ({ outcome: complies(ask) ? "comply" : "refuse", coherence: "fine" })),
      ),
  };
}

const refusing = analyse({
  ...world(2, { answer: refuseAt((prompt) => (isHazard(prompt) ? 0.9 : 0)) }),
  resamples: 2,
});

/** The headline on a made-up model. */
async function headlineOf(seed: string, truth: Truth, test: number) {
  const fit = Math.min(sizes.search_prompts, 2 * test);
  const subject = made(seed, truth, fit, test);
  const of = (split: "fit" | "test") =>
    subject.prompts.flatMap((prompt, i) => (prompt.split === split ? [i] : []));
  const search = { boundary: 0, decoderCosine: null, limits: sizes };
  const clean = await cleanActivity(subject, [...subject.prompts.keys()], []);
  const { refusing: searched, needed } = await standingOf(subject, of("fit"), universe, search);
  const trial = { prompts: searched, around: () => [], boundary: search.boundary, needed };
  const depth = await redundancyDepth(subject, clean, trial, { ...search, mostRounds: sizes.rounds });
  const ablated = depth.rounds.map((round) => round.ablated);
  const draws = (name: string) => ({
    ...{ resamples: sizes.resamples, level },
    random: random(`${seed} ${name}`),
  });
  const tested = of("test");
  const onTest =
    ablated.length === 0
      ? null
      : await heldOut(subject, tested, ablated, needed / searched.length, draws("held out"));
  const cascade =
    ablated.length === 0 ? [] : await repairs(subject, clean, tested, [[], ...ablated], draws("repair"));
  const part = redundancyRecord(
    subject,
    subject.candidates,
    { ...{ clean, depth, tested, heldOut: onTest, cascade }, backups: [], chance: [], hardened: [] },
    level,
  );
  const findings = anatomyFindings({ ...syntheticAnatomy().anatomy, ...part });
  return withDepth(refusing, { name: "made", findings }).find(({ id }) => id === "headline.depth")!;
}

const truths: Truth[] = [
  ...[1, 0.97, 0.9].map((share) => ({
    ...{ what: `depth 1: ${100 * share}% comply, nothing comes back`, first: share, both: share, seen: true },
  })),
  ...[0.5, 0.75].map((share) => ({
    ...{
      what: `depth 2 by answers (${100 * share}% comply), repair 0`,
      first: share,
      both: 0.97,
      seen: false,
    },
  })),
  ...[0, 0.5, 0.7, 0.8, 0.85, 0.87].map((share) => ({
    ...{ what: `depth 2: ${100 * share}% comply after round 1`, first: share, both: 0.97, seen: true },
  })),
];

for (const test of values.test.split(",").map(Number))
  for (const truth of truths.filter(({ what }) => what.includes(values.only))) {
    const counts = { found: 0, "not found": 0, undetermined: 0 };
    for (let run = 0; run < runs; run++)
      counts[(await headlineOf(`${values.seed}/${run}`, truth, test)).status]++;
    const share = (count: number) => `${((100 * count) / runs).toFixed(1)}%`;
    console.log(
      `${test} test prompts | ${truth.what} | found ${share(counts.found)} | not found ${share(counts["not found"])} | of ${runs}`,
    );
  }
