/** Dealt tiers are independent of the true ones, and matched prompts stay matched. */
import { expect, it } from "vitest";
import { random } from "../../core/random.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { dealTiers } from "./dealt-tiers.ts";

const made = (clusters: readonly (readonly Tier[])[], name = "pair") =>
  clusters.flatMap((tiers, at) => tiers.map((tier) => ({ tier, cluster: `${name} ${at}` })));
const count = (of: readonly { tier: Tier }[], tier: Tier) => of.filter((one) => one.tier === tier).length;

it("keeps a pair of two tiers a pair of two tiers, and turns half of the pairs round", () => {
  const pairs = made(Array.from({ length: 24 }, () => ["benign", "hazard_adjacent"] as const));
  for (const seed of ["a", "b", "c"]) {
    const dealt = dealTiers(pairs, random(seed));
    expect(dealt.map(({ cluster }) => cluster)).toEqual(pairs.map(({ cluster }) => cluster));
    for (let at = 0; at < pairs.length; at += 2) expect(dealt[at]!.tier).not.toBe(dealt[at + 1]!.tier);
    expect(dealt.filter(({ tier }, at) => tier === pairs[at]!.tier).length).toBe(24);
  }
  expect(dealTiers(pairs, random("a"))).toEqual(dealTiers(pairs, random("a")));
  expect(dealTiers(pairs, random("a"))).not.toEqual(dealTiers(pairs, random("b")));
});

it("deals single prompts among single prompts, and clusters of one tier as a whole", () => {
  const alone = made(
    Array.from({ length: 16 }, (_, at) => [at % 2 === 0 ? "benign" : "dual_use"] as const),
    "prompt",
  );
  const same = made(
    Array.from({ length: 16 }, (_, at) => {
      const tier = at % 2 === 0 ? ("benign" as const) : ("hazard_adjacent" as const);
      return [tier, tier, tier];
    }),
  );
  for (const prompts of [alone, same, [...alone, ...same]]) {
    const dealt = dealTiers(prompts, random("singles"));
    for (const tier of ["benign", "dual_use", "hazard_adjacent"] as const)
      expect(count(dealt, tier)).toBe(count(prompts, tier));
    const kept = dealt.filter(({ tier }, at) => tier === prompts[at]!.tier).length;
    expect(Math.abs(kept / prompts.length - 0.5)).toBeLessThan(0.1);
  }
  const dealt = dealTiers(same, random("whole"));
  for (let at = 0; at < dealt.length; at += 3)
    expect(new Set(dealt.slice(at, at + 3).map(({ tier }) => tier)).size).toBe(1);
});
