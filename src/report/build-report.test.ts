import { describe, expect, it } from "vitest";
import { syntheticReport } from "../../test/support/synthetic-report.ts";
import type { Observation } from "../core/records/observation.ts";
import type { Prompt, Tier } from "../core/records/prompt.ts";
import { refusalScoresShown } from "../core/records/report.ts";
import type { Outcome, Verdict } from "../core/records/verdict.ts";
import { buildReportData, type ReportInput } from "./build-report.ts";

const secret = "the part that is left out";

const prompt = (id: string, tier: Tier): Prompt => ({
  ...{
    id,
    tier,
    prompt: `Question ${id}?`,
    framing: "direct",
    category: "botany",
    pair: null,
    panel: "main",
  },
  ...{ rationale: "", expected_surface: null },
});

const observation = (prompt_id: string, template: "chat" | "none", seed = 7): Observation => ({
  key: `${prompt_id}/${template}/${seed}`,
  prompt_id,
  condition: {
    template,
    system: null,
    prefill: null,
    temperature: 0,
    seed,
    precision: "fp32",
    template_vars: {},
    turn: "user",
  },
  prompt_ids: [1, 2, 3],
  ids: Array.from({ length: 40 }, (_, i) => i),
  text: `Well, 🌿 ${secret}`,
  thought: null,
  text_ends: Array.from({ length: 40 }, (_, i) => Math.min(i + 1, 9 + secret.length)),
  finish: "stop",
  refusal_scores: Array.from({ length: 40 }, (_, i) => -1.23456 - i),
  activations: [],
});

const verdicts = (of: Observation, ...outcomes: Outcome[]): Verdict[] =>
  outcomes.map((outcome, i) => ({
    ...{ observation: of.key, prompt_id: of.prompt_id, cap: [10, 80][i]!, outcome, surface: null },
    ...{ coherence: null, evidence: [], refusal_token: null, judge: "rules 1" },
  }));

function input(change: Partial<ReportInput> = {}): ReportInput {
  const [b, h] = [observation("b", "chat"), observation("h", "none")];
  return {
    title: "t",
    identities: [],
    klTo: null,
    plan: {
      templates: ["chat", "none"],
      caps: [10, 80],
      seeds: [7],
      temperature: 0,
      recorded: false,
      pooling: "mean",
      judge: "rules 1",
    },
    prompts: [prompt("b", "benign"), prompt("h", "hazard_adjacent")],
    variants: [],
    observations: [h, b],
    verdicts: [...verdicts(b, "comply", "comply"), ...verdicts(h, "refuse", "mixed")],
    thoughts: [],
    warnings: [],
    notes: [],
    findings: [],
    insides: [
      {
        ...{ sae: "sae@3", name: "sae", layer: 3, measured: true, catalog: null },
        divergence: new Map([[b.key, 0.25]]),
      },
    ],
    notMeasured: ["x"],
    showText: false,
    ...change,
  };
}

describe("buildReportData", () => {
  it("joins prompts, observations and verdicts, in the order of the prompts", () => {
    const { rows, conditions } = buildReportData(input());
    expect(rows.map(({ prompt_id, template, D }) => [prompt_id, template, D])).toEqual([
      ["b", "chat", [0.25]],
      ["h", "none", [null]],
    ]);
    expect(rows[0]).toMatchObject({ prompt: "Question b?", tier: "benign", tokens: 40, prompt_tokens: 3 });
    expect(conditions.map(({ template, answers }) => [template, answers])).toEqual([
      ["chat", 1],
      ["none", 1],
    ]);
    expect(rows.map(({ condition }) => conditions[condition]?.template)).toEqual(["chat", "none"]);
  });

  it("ends the text of a cap where its tokens end, and rounds and shortens the scores", () => {
    const row = buildReportData(input()).rows[0]!;
    expect(row.verdicts.map(({ cap, text_end }) => [cap, text_end])).toEqual([
      [10, 10],
      [80, row.text!.length],
    ]);
    expect(row.refusal_scores).toHaveLength(refusalScoresShown);
    expect(row.refusal_scores[0]).toBe(-1.23);
  });

  it("says where an answer begins to loop, also of a redacted one", () => {
    const [first, second] = input().observations;
    const loops = { kind: "loops", from: 4 } as const;
    const data = buildReportData(
      input({
        verdicts: [
          ...verdicts(first!, "comply", "comply").map((verdict) => ({ ...verdict, coherence: loops })),
          ...verdicts(second!, "comply", "comply"),
        ],
      }),
    );
    expect(data.rows.map(({ redacted, verdicts }) => [redacted, verdicts[1]!.coherence])).toEqual([
      [false, null],
      [true, loops],
    ]);
  });

  it("leaves a redacted text out of the data completely, and counts it", () => {
    const data = buildReportData(input({ verdicts: input().verdicts }));
    expect(data.rows[1]).toMatchObject({ text: null, redacted: true, printable: "" });
    expect(data.redaction).toMatchObject({ applied: true, answers: 1 });
    expect(JSON.stringify(data.rows[1])).not.toContain(secret);
    const shown = buildReportData(input({ showText: true }));
    expect(shown.rows[1]!.text).toContain(secret);
    expect(shown.redaction).toMatchObject({ applied: false, answers: 0 });
  });

  it("depends on the tier only: an answer that is a refusal at every cap is not printed either", () => {
    const { observations, verdicts: of } = input();
    const judged = of.map((verdict): Verdict => ({ ...verdict, outcome: "refuse" }));
    const dressed = observations.map((one) => ({ ...one, text: `I can't help with that. ${secret}` }));
    const data = buildReportData(input({ observations: dressed, verdicts: judged }));
    expect(data.rows[1]).toMatchObject({ tier: "hazard_adjacent", printable: "I can't help with that" });
    expect(JSON.stringify(data.rows[1])).not.toContain(secret);
    expect(data.rows[0]!.text).toContain(secret);
  });

  it("keeps seeds apart", () => {
    const twice = [observation("b", "chat", 2), observation("b", "chat", 1)];
    const data = buildReportData(
      input({ observations: twice, verdicts: twice.flatMap((o) => verdicts(o, "refuse", "refuse")) }),
    );
    expect(data.rows.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(data.conditions).toHaveLength(2);
  });

  it("takes time in proportion to the answers, however many seeds there are", () => {
    const many = Array.from({ length: 4000 }, (_, seed) => observation("b", "chat", seed));
    const given = input({
      observations: many,
      verdicts: many.flatMap((o) => verdicts(o, "refuse", "refuse")),
    });
    const began = performance.now();
    const { rows, conditions } = buildReportData(given);
    // Comparing every answer with every seed took 20 s here. One pass takes 0.3 s.
    expect(performance.now() - began).toBeLessThan(5000);
    expect(conditions).toHaveLength(4000);
    expect(rows.map(({ seed, condition }) => conditions[condition]!.seed - seed)).toEqual(many.map(() => 0));
  }, 60_000);

  it("throws for records that do not belong together", () => {
    expect(() => buildReportData(input({ prompts: [prompt("b", "benign")] }))).toThrow(
      /observation h\/none\/7: expected a prompt of the run's prompt set/,
    );
    expect(() => buildReportData(input({ verdicts: input().verdicts.slice(1) }))).toThrow(
      /expected a verdict at every cap \(10, 80\), found none at 10/,
    );
    expect(() => buildReportData(input({ observations: [observation("b", "chat")] }))).toThrow(
      /verdict on h at cap 10: expected an observation of this run/,
    );
  });

  it("leaves out the contexts of redacted answers, and keeps their positions", () => {
    const context = (of: Observation) => ({
      observation: of.key,
      prompt_id: of.prompt_id,
      position: 3,
      of: 40,
      activation: 1.5,
      around: { at: 0, tokens: [` ${secret}`], activations: [1.5] },
    });
    const [b, h] = [observation("b", "chat"), observation("h", "none")];
    const unknown = { ...context(b), observation: "of no answer of this run" };
    const catalog = { ...syntheticReport().insides[0]!.catalog! };
    const [first] = catalog.categories;
    catalog.categories = [
      { ...first!, features: [{ ...first!.features[0]!, contexts: [context(b), context(h), unknown] }] },
    ];
    const contexts = (showText: boolean) =>
      buildReportData(input({ showText, insides: [{ ...input().insides[0]!, catalog }] })).insides[0]!
        .catalog!.categories[0]!.features[0]!.contexts;
    expect(contexts(false)).toEqual([
      context(b),
      { ...context(h), around: null },
      { ...unknown, around: null },
    ]);
    expect(contexts(true)).toEqual([context(b), context(h), { ...unknown, around: null }]);
  });
});
