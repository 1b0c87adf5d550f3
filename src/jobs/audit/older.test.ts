/** A run of format 1, whose findings do not say what they are about, is read like a run of today. */
import { expect, it } from "vitest";
import { honest, isHazard, made, noise, refuseAt, world } from "../../../test/support/audit-world.ts";
import type { AnalysisInput } from "../../audit/common/answers.ts";
import { publishedCategories } from "../../audit/features/published-categories.ts";
import { random } from "../../core/random.ts";
import type { Finding, OlderFinding } from "../../core/records/finding.ts";
import { analysed } from "./analysed.ts";
import type { Manifest } from "./manifest.ts";
import { findingsAgain } from "./older.ts";

const d_sae = 40;
const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.1));

function recordsOf(input: AnalysisInput, projection: boolean) {
  const { prompts, observations, verdicts, caps } = input;
  const asked = { caps: [...caps], also_systems: [], also_turns: [] };
  const plan = { categories: publishedCategories, projection, ...asked, seed: 3, precision: "int8" };
  const kl = { mean: 0.01, interval: null, p95: 0.02 };
  const fidelity = { prompts: 4, tokens: 40, kl, top1: { share: 0.9, interval: [0.8, 0.95] }, level: 0.95 };
  // The analyses need only this part of a manifest.
  const manifest = {
    inputs: { plan, prefills: [], endpoint: null, fidelity_bound: 0.05 },
    fidelity,
    anatomy: null,
    kl_to: null,
  } as unknown as Manifest;
  const keys = input.saes.length === 0 ? [""] : input.saes.map(({ key }) => key);
  return {
    manifest,
    prompts,
    observations,
    verdicts,
    thoughts: [],
    kl: [],
    insides: keys.map((sae) => ({ sae })),
  };
}

const stripped = (findings: readonly Finding[]): OlderFinding[] =>
  findings.map(({ about: _about, ...rest }) => rest);

const without = world(61, { answer });
const withOne = world(62, { answer, features: honest, triples: 48 });
const stream = random("older");
const noises = new Map(withOne.observations.map(({ key }) => [key, noise(stream)]));
const several = {
  ...withOne,
  saes: [
    ...withOne.saes,
    made({ d_sae: d_sae, pooled: (key) => noises.get(key)! }, "noise@5"),
    { key: "other@7", features: null, not_measured: "not measured: the gate." },
  ],
};

it.each([
  ["no SAE", without, false],
  ["one SAE", withOne, false],
  ["several SAEs, one of them refused, and the projection", several, true],
])("with %s its findings are today's", (_name, input, projection) => {
  const records = recordsOf(input, projection);
  const { findings } = analysed(records, input.saes);
  const again = findingsAgain(records, stripped(findings), "findings.json");
  expect(again).toEqual(findings);
  expect(JSON.stringify(again[0])).toMatch(/^\{"id":"headline.refuses","about":/);
});

it("findings on the answers are computed again, whatever is stored; findings through an SAE are kept", () => {
  const records = recordsOf(withOne, false);
  const { findings } = analysed(records, withOne.saes);
  const changed = stripped(findings).map((finding) => ({ ...finding, sentence: "Another sentence." }));
  for (const [i, finding] of findingsAgain(records, changed, "findings.json").entries())
    expect(finding.sentence).toBe("sae" in finding.about ? "Another sentence." : findings[i]!.sentence);
});

it("a finding that its version did not have is reported as not measured", () => {
  const records = recordsOf(withOne, false);
  const { findings } = analysed(records, withOne.saes);
  const fewer = stripped(findings).filter(({ id }) => id !== "depth.refusals" && id !== "refusal.seeds");
  const again = findingsAgain(records, fewer, "findings.json");
  expect(again).toHaveLength(findings.length);
  expect(again.find(({ id }) => id === "refusal.seeds")).toEqual(
    findings.find(({ id }) => id === "refusal.seeds"),
  );
  expect(again.find(({ id }) => id === "depth.refusals")).toMatchObject({
    status: "undetermined",
    sentence: "not measured: the version of Fathom that made this run did not measure it.",
  });
});

it("a finding on something that the run did not ask is refused by name", () => {
  const records = recordsOf(without, false);
  const [first, ...rest] = stripped(analysed(records, []).findings);
  const strange = { ...first!, id: "refusal.rate.benign.chat.7" };
  expect(() => findingsAgain(records, [strange, ...rest], "r/findings.json")).toThrow(
    /^r\/findings\.json: expected findings on this run's prompts, .*, found one called refusal\.rate\.benign\.chat\.7/,
  );
});
