/** The headline on depth says what the findings of the anatomy say, and claims nothing where they do not. */
import { describe, expect, it } from "vitest";
import { isHazard, refuseAt, world } from "../../../test/support/audit-world.ts";
import type { Finding } from "../../core/records/finding.ts";
import { findingSchema } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import { analyse } from "../analyse.ts";
import { withDepth } from "./depth.ts";

const answering = (rate: number) =>
  analyse({
    ...world(2, { triples: 40, answer: refuseAt((prompt) => (isHazard(prompt) ? rate : 0)) }),
    resamples: 50,
  });
const refusing = answering(0.9);
const complying = answering(0);

const of = (rest: Partial<Finding> & Pick<Finding, "about">): Finding => ({
  ...{ group: "anatomy: redundancy", question: "How many?", level: 0.95, n: 24 },
  ...{ estimate: null, interval: null, method: "made", status: "undetermined" },
  control: { kind: "none", estimate: null, interval: null },
  unit: "rounds",
  sentence: `Something about ${rest.about.kind}.`,
  ...rest,
  ...identified(rest.about),
});
const depth = (estimate: number, interval: [number, number], rest: Partial<Finding> = {}) =>
  of({ about: { kind: "anatomy_depth" }, estimate, interval, status: "found", ...rest });
const repair = (status: Finding["status"]) =>
  of({
    about: { kind: "anatomy_repair", round: 1 },
    estimate: 3,
    interval: [2, 4],
    unit: "log-odds",
    status,
  });

const saidOf = (findings: readonly Finding[], own: readonly Finding[] | null) => {
  const all = withDepth(findings, own === null ? null : { name: "runs/anatomy", findings: own });
  for (const finding of all) findingSchema.parse(finding);
  return { all, headline: all.find(({ id }) => id === "headline.depth")! };
};

describe("a model that refuses", () => {
  it.each<[string, Finding[], Finding["status"], RegExp]>([
    ["two rounds, and what wakes brings it back", [depth(2, [2, 2]), repair("found")], "found", /take over/],
    ["one round", [depth(1, [1, 1]), repair("not found")], "not found", /hang on one set/],
    [
      "two rounds, and nothing that wakes",
      [depth(2, [2, 3]), repair("not found")],
      "undetermined",
      /not known/,
    ],
    ["one round or two", [depth(2, [1, 2]), repair("found")], "undetermined", /not known/],
    [
      "new prompts that do otherwise",
      [depth(1, [1, 1], { status: "not found" })],
      "undetermined",
      /not known\. Something/,
    ],
    ["no depth", [of({ about: { kind: "anatomy_depth" } })], "undetermined", /not known/],
    ["no rounds", [], "undetermined", /runs\/anatomy ended before/],
  ])("%s", (_, own, status, sentence) => {
    const { all, headline } = saidOf(refusing, own);
    expect(headline).toMatchObject({ status, polarity: "positive" });
    expect(headline.sentence).toMatch(sentence);
    // The finding that it rests on is below it, with the same number and the same words.
    const below = all.find(({ id }) => id === "anatomy.depth");
    if (below !== undefined) expect(headline.sentence).toContain(below.sentence);
    if (status !== "undetermined")
      expect(headline).toMatchObject({ estimate: below!.estimate, interval: below!.interval, n: below!.n });
  });

  it("few prompts claim nothing, and the headline says how many are missing", () => {
    const { headline } = saidOf(refusing, [depth(1, [1, 1], { n: 6 })]);
    expect(headline).toMatchObject({ status: "undetermined", settled_by: { more: 14 } });
    expect(headline.sentence).toContain("About 14 more refused test prompts of the anatomy");
  });
});

it("a model that was not shown to refuse has nothing that could come back", () => {
  const { headline } = saidOf(complying, [depth(2, [2, 2]), repair("found")]);
  expect(headline.status).toBe("undetermined");
  expect(headline.sentence).toContain("not tested, because this model was not shown to refuse");
});

it("without an anatomy it is not measured, and names the command; another anatomy takes the place of the first", () => {
  const { all, headline } = saidOf(refusing, null);
  expect(headline.sentence).toContain("--anatomy");
  expect(all.filter(({ group }) => group === "headline").at(-1)).toBe(headline);
  const first = withDepth(all, { name: "a", findings: [depth(1, [1, 1])] });
  const second = withDepth(first, { name: "b", findings: [depth(2, [2, 2]), repair("found")] });
  expect(second.filter(({ id }) => id === "headline.depth").map(({ status }) => status)).toEqual(["found"]);
  expect(second.filter(({ id }) => id === "anatomy.depth")).toHaveLength(1);
});
