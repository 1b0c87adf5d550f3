/** Made-up runs that refuse by hazard or by legality: the comparison says what changed. */
import { expect, it } from "vitest";
import { asLegality, caps, refuseAt, world } from "../../../test/support/audit-world.ts";
import { findingSchema } from "../../core/records/finding.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { analyse } from "../analyse.ts";
import { compare, type RunWithFindings } from "./compare.ts";

type Rate = (prompt: Prompt) => number;

/** The control panel becomes pairs of a legality panel. @param seed other answers for another seed */
function run(name: string, rate: Rate, seed: number, controls = 40): RunWithFindings {
  const made = world(seed, { triples: 60, controls, answer: refuseAt((prompt) => rate(asLegality(prompt))) });
  const input = { ...made, prompts: made.prompts.map(asLegality) };
  const findings = analyse({ ...input, resamples: 20 });
  return { ...input, variants: [], name: `runs/${name}`, short: name, caps, findings };
}
const byHazard: Rate = ({ tier }) => (tier === "hazard_adjacent" ? 0.8 : 0.15);
const byLegality: Rate = ({ panel }) => (panel === "legality" ? 0.8 : 0.15);

const changes = (base: RunWithFindings, other: RunWithFindings) => {
  const { findings } = compare(base, other, 0);
  return (term: string) => findings.find(({ id }) => id.endsWith(`/change.refusal_model.${term}`));
};
const termOf = ({ findings }: RunWithFindings, term: string) =>
  findings.find(({ id }) => id === `refusal.model.${term}`)!;

it("the change of a coefficient is the difference of the two runs' own, and says both", () => {
  const [base, other] = [run("base", byHazard, 1), run("tuned", byLegality, 2)];
  const change = changes(base, other);
  for (const term of ["hazard", "legality", "salience"]) {
    const finding = change(term)!;
    findingSchema.parse(finding);
    const [was, is] = [termOf(base, term), termOf(other, term)];
    expect(finding.estimate).toBeCloseTo(is.estimate! - was.estimate!, 4);
    // The runs' answers are independent here, so the errors of both add up, or nearly.
    const width = (of: typeof was) => of.interval![1] - of.interval![0];
    const both = Math.hypot(width(was), width(is));
    expect(width(finding)).toBeGreaterThan(0.95 * both);
    expect(width(finding)).toBeLessThan(1.3 * both);
  }
  expect(change("hazard")).toMatchObject({ status: "found", group: "other changes", unit: "log-odds" });
  expect(change("hazard")!.estimate).toBeLessThan(0);
  expect(change("legality")).toMatchObject({ status: "found" });
  expect(change("hazard")!.sentence).toMatch(/ in base and by .* in tuned; the change is /);
});

it("the same answers are no change, and the interval does not collapse", () => {
  const base = run("base", byHazard, 1);
  const finding = changes(base, { ...base, name: "runs/again", short: "again" })("hazard")!;
  expect(finding).toMatchObject({ estimate: 0, status: "not found" });
  expect(finding.interval![1]).toBeGreaterThan(0.5);
});

it("is undetermined where a run has no finite fit, absent without a legality panel", () => {
  const base = run("base", byHazard, 1);
  const never = changes(
    base,
    run("silent", () => 0, 2),
  )("hazard")!;
  expect(never).toMatchObject({ status: "undetermined", estimate: null });
  expect(never.sentence).toContain("in silent: none of the 60 hazard-adjacent prompts");
  expect(changes(run("a", byHazard, 1, 0), run("b", byHazard, 2, 0))("hazard")).toBeUndefined();
});
