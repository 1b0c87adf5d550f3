/** Made-up models that refuse by hazard, by legality or by salience: the regression says which. */
import { expect, it } from "vitest";
import { asLegality, refuseAt, world } from "../../../test/support/audit-world.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { analyse } from "../analyse.ts";

/** The prompts of the control panel become pairs of a legality panel: pharmacology, and cultivation. */
function confounded(rate: (prompt: Prompt) => number) {
  const run = world(5, { triples: 60, controls: 40, answer: refuseAt((prompt) => rate(asLegality(prompt))) });
  const findings = analyse({ ...run, prompts: run.prompts.map(asLegality), resamples: 20 });
  return (term: string) => findings.find(({ id }) => id === `refusal.model.${term}`)!;
}

it("tells hazard from legality", () => {
  const byHazard = confounded(({ tier }) => (tier === "hazard_adjacent" ? 0.8 : 0.15));
  expect(byHazard("hazard")).toMatchObject({ status: "found", group: "confound" });
  expect(byHazard("hazard").interval![0]).toBeGreaterThan(1);
  expect(byHazard("legality").status).toBe("not found");

  const byLegality = confounded(({ panel }) => (panel === "legality" ? 0.7 : 0.15));
  expect(byLegality("legality").status).toBe("found");
  expect(byLegality("hazard").status).toBe("not found");
});

it("tells hazard from what is merely salient", () => {
  const bySalience = confounded(({ tier }) => (tier === "benign" ? 0.1 : 0.7));
  expect(bySalience("salience").status).toBe("found");
  expect(bySalience("hazard").status).toBe("not found");
});

it("has no number where a property decides everything, and says why", () => {
  const always = confounded(({ tier }) => (tier === "hazard_adjacent" ? 1 : 0.2));
  expect(always("hazard")).toMatchObject({ status: "undetermined", estimate: null });
  expect(always("hazard").sentence).toContain("all of the 60 hazard-adjacent prompts are refused");
  const nobody = confounded(() => 0);
  expect(nobody("legality").sentence).toMatch(/none of the 60 .* are refused/);
});

it("is absent without a legality panel", () => {
  const findings = analyse({ ...world(5, { answer: refuseAt(() => 0.3) }), resamples: 20 });
  expect(findings.some(({ id }) => id.startsWith("refusal.model"))).toBe(false);
});
