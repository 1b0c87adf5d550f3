/** What a search costs on a model of 24 blocks with 2,000 candidates at 16 sites. */
import { expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { mean } from "../../stats/summary.ts";
import { blockEvaluations } from "../subject/ledger.ts";
import type { Ask, Candidate, FeatureSet, Subject } from "../subject/subject.ts";
import { takeApart } from "./take-apart.ts";

const [blocks, sites, count] = [24, 16, 2000];
/** Sites lie on two of three blocks, from the first to the last but one. */
const layerOf = (feature: number) => Math.floor(((feature % sites) * blocks) / sites);
/** A gradient is a run and its backward pass, which computes about twice as much. */
const runsPerGradient = 3;

/** Refusal is a saturated sum over a few hundred features. A part of them interacts, so that the first ranking is not exact. */
function sum(seed: number, size: number): { subject: Subject; cost: () => number } {
  const draw = random(seed);
  const candidates: Candidate[] = Array.from({ length: count }, (_, feature) => {
    const layer = layerOf(feature);
    return { sae: `block ${layer}`, layer, feature };
  });
  // About `size` of the strongest features have to go before the sum is below 0.
  const weights = candidates.map((_, f) => (f < 400 ? Math.exp(draw.normal()) : 0.02 * draw.normal()));
  const partner = candidates.map(() => draw.integer(400));
  const strongest = [...weights].sort((a, b) => b - a);
  const dormant = (f: number) => f < 400 && f % 20 === 0;
  const offset = strongest.slice(size).reduce((a, b) => a + b, 0);
  const at = (off: FeatureSet) => {
    const open = new Float64Array(count).fill(1);
    for (const f of off) open[f] = 0;
    let z = -offset;
    const slope = new Float64Array(count);
    weights.forEach((w, f) => {
      const other = partner[f]!;
      // A dormant feature acts as far as its partner is gone, another one less without its partner.
      const [part, slopeOfOther] = dormant(f) ? [1 - open[other]!, -1] : [0.8 + 0.2 * open[other]!, 0.2];
      z += w * open[f]! * part;
      slope[f]! -= w * part;
      slope[other]! -= slopeOfOther * w * open[f]!;
    });
    const score = 12 * Math.tanh(z / offset);
    return {
      score,
      gradient: Float32Array.from(slope, (s) => (s * 12 * (1 - Math.tanh(z / offset) ** 2)) / offset),
    };
  };
  let cost = 0;
  const pay = (asks: readonly Ask[], runs: number) => {
    cost += runs * blockEvaluations(asks, candidates, blocks);
  };
  const subject: Subject = {
    candidates,
    prompts: [{ id: "p", cluster: "p", side: "harmful", split: "fit" }],
    scores: (asks) => {
      pay(asks, 1);
      return Promise.resolve(Float64Array.from(asks, ({ off }) => at(off).score));
    },
    sensitivities: (asks) => {
      pay(asks, runsPerGradient);
      return Promise.resolve(asks.map(({ off }) => at(off)));
    },
    activity: () => Promise.reject(new Error("a search for minimal sets asks for no activity")),
    judged: (asks) =>
      Promise.resolve(
        asks.map(({ off }) => ({ outcome: at(off).score > 0 ? "refuse" : "comply", coherence: "fine" })),
      ),
  };
  return { subject, cost: () => cost };
}

it("a set of about 40 costs at most a fifteenth of ablating one feature at a time", async () => {
  const oneAtATime = Array.from({ length: count }, (_, f) => blocks - 1 - layerOf(f)).reduce(
    (a, b) => a + b,
    0,
  );
  const costs = [];
  for (const seed of [1, 2, 3, 4, 5]) {
    const { subject, cost } = sum(seed, 46);
    const universe = subject.candidates.map((_, i) => i);
    const limits = { sets: 1, searches: 1, measured: 4 };
    const found = await takeApart(subject, [0], universe, { boundary: 0, decoderCosine: null, limits });
    expect(found.outcome).toBe("found");
    expect(found.sets[0]!.features.length).toBeGreaterThan(32);
    costs.push(cost());
  }
  expect(mean(costs)).toBeLessThanOrEqual(oneAtATime / 15);
  expect(Math.max(...costs)).toBeLessThanOrEqual(oneAtATime / 13);
});
