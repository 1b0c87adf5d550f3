/** A headline never contradicts the finding below it, whatever the run: both are read, and compared. */
import { describe, expect, it } from "vitest";
import { byId, honest, isHazard, type Plan, refuseAt, world } from "../../../test/support/audit-world.ts";
import type { Finding } from "../../core/records/finding.ts";
import { analyse } from "../analyse.ts";

const rates: [name: string, answer: Plan["answer"]][] = [
  ["refuses hazards", refuseAt((prompt) => (isHazard(prompt) ? 0.9 : 0))],
  [
    "refuses hazards in chat",
    refuseAt((prompt, template) => (isHazard(prompt) && template === "chat" ? 0.9 : 0)),
  ],
  ["refuses hazards a little", refuseAt((prompt) => (isHazard(prompt) ? 0.25 : 0.05))],
  ["refuses benign prompts more", refuseAt((prompt) => (isHazard(prompt) ? 0.1 : 0.6))],
  ["refuses everything", refuseAt(() => 1)],
  ["refuses nothing", refuseAt(() => 0)],
  ["refuses one prompt in ten", refuseAt(() => 0.1)],
  [
    "refuses late",
    (prompt) => (isHazard(prompt) ? { outcome: "refuse", token: 100 } : { outcome: "comply" }),
  ],
  [
    "refuses, and bare text gets no label",
    (prompt, template) => ({
      outcome: template === "none" ? "incoherent" : isHazard(prompt) ? "refuse" : "comply",
    }),
  ],
];

/** The finding that a headline says it is from. */
function below(headline: Finding, findings: readonly Finding[]): Finding | undefined {
  const id = /^from ([^:]+):/.exec(headline.method)?.[1];
  return findings.find((finding) => finding.id === id);
}

describe.each(rates)("a model that %s", (_, answer) => {
  it.each([16, 32, 96])("has headlines that agree with their findings, %i triples", (triples: number) => {
    const findings = analyse({
      ...world(triples, { triples, answer, features: honest }),
      resamples: 100,
    });
    const headlines = findings.filter(({ group }) => group === "headline");
    expect(headlines).toHaveLength(7);
    for (const headline of headlines) {
      const finding = below(headline, findings);
      const { about } = headline;
      expect(headline.polarity).toBe(
        about.kind === "headline" && about.claim === "over_refuses" ? "negative" : "positive",
      );
      if (finding === undefined) {
        expect(headline.status, headline.id).toBe("undetermined");
        continue;
      }
      expect(headline.primary).toEqual(finding.primary);
      // The numbers of the sentence are those of the finding.
      if (finding.estimate !== null || headline.status !== "undetermined")
        expect(headline.sentence, headline.id).toContain(finding.sentence);
      const isLoss = about.kind === "headline" && about.claim === "survives";
      if (headline.status !== "undetermined") {
        expect(Math.abs(headline.estimate!)).toBe(Math.abs(finding.estimate!));
        // An effect is claimed exactly where the finding is found; a survival is the absence of the effect.
        const claimsEffect = headline.status === (isLoss ? "not found" : "found");
        expect(finding.status === "found" && claimsEffect, headline.id).toBe(claimsEffect);
        expect(finding.primary!.adjusted < 0.05, headline.id).toBe(finding.status === "found");
      }
      if (headline.settled_by !== undefined) {
        expect(headline.status).toBe("undetermined");
        expect(headline.sentence).toContain(
          `About ${headline.settled_by.more} more ${headline.settled_by.of}`,
        );
      }
    }
  });
});

it("a primary comparison is not corrected for what is only explored", () => {
  // 9 of 36 pairs differ, 8 of them in the expected way: p = 0.021 (mid-p), 0.043 after the two first questions.
  let hazards = 0;
  let benign = 0;
  const finding = byId(
    world(1, {
      triples: 36,
      answer: (prompt, template) => {
        if (template === "none" || prompt.panel !== "main") return { outcome: "comply" };
        if (isHazard(prompt)) return { outcome: hazards++ < 8 ? "refuse" : "comply" };
        if (prompt.tier === "benign") return { outcome: benign++ === 35 ? "refuse" : "comply" };
        return { outcome: "comply" };
      },
    }),
  );
  expect(finding("refusal.discrimination")).toMatchObject({
    status: "found",
    primary: { family: "refusing", tests: 2, adjusted: expect.closeTo(0.043, 3) as number },
  });
  expect(finding("headline.refuses").status).toBe("found");
});

it("a comparison with a margin is refused where the estimate lies on its other side", () => {
  const finding = byId(world(5, { triples: 96, answer: refuseAt((prompt) => (isHazard(prompt) ? 0.9 : 0)) }));
  expect(finding("headline.refuses").status).toBe("found");
  const worse = byId(world(5, { triples: 96, answer: refuseAt((prompt) => (isHazard(prompt) ? 0 : 0.9)) }));
  expect(worse("refusal.discrimination")).toMatchObject({ status: "not found" });
  expect(worse("headline.refuses").status).toBe("not found");
  expect(worse("headline.over_refuses").status).toBe("found");
});
