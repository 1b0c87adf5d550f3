/** Made-up distances with a known truth: which answers are compared, and what is said of first and later tokens. */
import { expect, it } from "vitest";
import { refuseAt, world } from "../../../test/support/audit-world.ts";
import type { Variant } from "../../core/asked/variants.ts";
import { random } from "../../core/random.ts";
import type { Observation } from "../../core/records/observation.ts";
import { klSample } from "./compared.ts";
import { klCurves } from "./curves.ts";
import { klFindings } from "./findings.ts";

const run = world(4, { triples: 60, controls: 20, answer: refuseAt(() => 0.5) });
const length = 70;
/** Longer answers than the made-up ones. */
const observations = run.observations.map(
  (one): Observation => ({ ...one, ids: Array.from({ length }, () => 2) }),
);
const input = { prompts: run.prompts, observations, variants: [], seed: 0 };
const names = ["tuned", "base"] as const;

/** Tokens that differ by `early` nats on average among the first five, and by `late` behind them. */
function recordsOf(early: number, late: number) {
  const r = random("kl");
  return klSample(input).map(({ key }) => {
    const kl = Array.from({ length }, (_, i) => 2 * r.uniform() * (i < 5 ? early : late));
    return { observation: key, other: "o", kl, agrees: kl.map((value) => value < late) };
  });
}

const byId = (records: ReturnType<typeof recordsOf>) => {
  const findings = klFindings({ ...input, records }, names);
  return (id: string) => findings.find((finding) => finding.id === id)!;
};

it("compares as many answers of each tier and template, spread over the set, and none of other panels", () => {
  const prompts = new Map(run.prompts.map((prompt) => [prompt.id, prompt]));
  const cells = new Map<string, number>();
  for (const { prompt_id, condition } of klSample(input)) {
    const { tier, panel } = prompts.get(prompt_id)!;
    expect(panel).toBe("main");
    const cell = `${condition.template} ${tier}`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  expect([...cells.values()]).toEqual([32, 32, 32, 32, 32, 32]);
  expect(klSample(input).at(-1)!.prompt_id).toMatch(/^p5[89]/);
  const silent = observations.map((one) => ({ ...one, ids: [] }));
  expect(klSample({ ...input, observations: silent })).toEqual([]);
});

it("finds that first tokens are further apart where they are, and not where all are alike", () => {
  const finding = byId(recordsOf(2, 0.1));
  expect(finding("kl.early.chat.hazard_adjacent")).toMatchObject({ status: "found", n: 32 });
  expect(finding("kl.early.chat").estimate).toBeCloseTo(1.9, 0);
  const { estimate, interval, n } = finding("kl.mean.chat");
  expect(n).toBe(96);
  expect(estimate).toBeCloseTo((5 * 2 + 65 * 0.1) / 70, 1);
  expect(interval![0]).toBeLessThan(estimate!);
  expect(interval![1]).toBeGreaterThan(estimate!);
  const alike = byId(recordsOf(0.5, 0.5));
  expect(alike("kl.early.chat").status).toBe("not found");
  expect(alike("kl.top1.chat").estimate).toBeCloseTo(0.5, 1);
});

it("draws a point for each of the first 32 tokens, and one for every 8 behind them, where 5 answers have one", () => {
  const records = recordsOf(2, 0.1).map((record, i) =>
    i % 8 === 0 ? record : { ...record, kl: record.kl.slice(0, 30), agrees: record.agrees.slice(0, 30) },
  );
  const curves = klCurves({ ...input, records });
  expect(curves.map(({ template, tier }) => `${template} ${tier}`)).toHaveLength(6);
  const { points } = curves[0]!;
  expect(points.slice(0, 30).map(({ from, to, n }) => [from, to, n])).toEqual(
    Array.from({ length: 30 }, (_, i) => [i + 1, i + 1, 32]),
  );
  // Four answers of this tier are longer, fewer than 5.
  expect(points).toHaveLength(30);
  expect(points[4]!.mean).toBeGreaterThan(1);
  expect(points[5]!.mean).toBeLessThan(0.3);
  const long = klCurves({ ...input, records: recordsOf(2, 0.1) })[0]!.points;
  expect(long.slice(-2).map(({ from, to }) => [from, to])).toEqual([
    [57, 64],
    [65, 72],
  ]);
});

it("says apart how far it is where prompts were asked again, and draws plain answers alone", () => {
  const begun: Variant = { kind: "prefill", opening: "comply", tokens: 2, text: "Sure," };
  const again = world(5, {
    triples: 40,
    templates: ["chat"],
    answer: refuseAt(() => 0.5),
    variants: { asked: [begun], answer: () => "comply" },
  });
  const own = { prompts: again.prompts, observations: again.observations, variants: [begun], seed: 0 };
  const records = klSample(own).map(({ key, condition }) => ({
    ...{ observation: key, other: "o", agrees: [true] },
    kl: [condition.prefill === null ? 1 : 3],
  }));
  const found = (id: string) => klFindings({ ...own, records }, names).find((one) => one.id === id)!;
  expect(found("kl.mean.chat.hazard_adjacent.prefill.2")).toMatchObject({ estimate: 3, n: 32 });
  expect(found("kl.mean.chat.hazard_adjacent")).toMatchObject({ estimate: 1, n: 32 });
  expect(klCurves({ ...own, records }).flatMap(({ points }) => points.map((one) => one.mean))).toEqual([
    1, 1, 1,
  ]);
});

it("has nothing to say without records, and refuses one of another run", () => {
  expect(klFindings({ ...input, records: [] }, names)).toEqual([]);
  const strange = [{ observation: "x", other: "o", kl: [1], agrees: [true] }];
  expect(() => klCurves({ ...input, records: strange })).toThrow(/expected an observation of this run/);
});
