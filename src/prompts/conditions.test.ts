import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FathomError } from "../core/errors.ts";
import { hashJson } from "../core/hash.ts";
import { conditionSchema } from "../core/records/observation.ts";
import { precisions } from "../core/records/precision.ts";
import { type ConditionAxes, expandConditions } from "./conditions.ts";

const axes: ConditionAxes = {
  templates: ["chat", "none"],
  systems: [null],
  prefills: [null],
  temperatures: [0],
  seeds: [7],
  precision: "fp32",
  templateVars: {},
};

describe("expanding a plan's axes", () => {
  test("the published design: template on and off, two samples at 0.7, in a fixed order", () => {
    const found = expandConditions({ ...axes, temperatures: [0.7], seeds: [1, 2] }, "plan");
    expect(found.map(({ template, seed }) => `${template} ${seed}`)).toEqual([
      "chat 1",
      "chat 2",
      "none 1",
      "none 2",
    ]);
  });

  test("seed varies fastest and template slowest", () => {
    const found = expandConditions(
      { ...axes, prefills: [null, "Sure"], temperatures: [0, 1], seeds: [1, 2] },
      "plan",
    );
    expect(found.map((c) => `${c.template} ${c.prefill} ${c.temperature} ${c.seed}`)).toEqual([
      "chat null 0 0",
      "chat null 1 1",
      "chat null 1 2",
      "chat Sure 0 0",
      "chat Sure 1 1",
      "chat Sure 1 2",
      "none null 0 0",
      "none null 1 1",
      "none null 1 2",
      "none Sure 0 0",
      "none Sure 1 1",
      "none Sure 1 2",
    ]);
  });

  test("there is one greedy generation for any number of seeds", () => {
    const one = expandConditions({ ...axes, seeds: [1, 2, 3] }, "plan");
    expect(one).toEqual(expandConditions({ ...axes, seeds: [] }, "plan"));
    expect(one).toHaveLength(2);
  });

  test("a system prompt is combined only with the chat template", () => {
    const found = expandConditions({ ...axes, systems: [null, "Be brief."] }, "plan");
    expect(found.map(({ template, system }) => [template, system])).toEqual([
      ["chat", null],
      ["chat", "Be brief."],
      ["none", null],
    ]);
  });

  test.each<[string, Partial<ConditionAxes>, RegExp]>([
    ["no template", { templates: [] }, /^plan\.templates: expected at least one value, found an empty list/],
    ["a repeated template", { templates: ["chat", "chat"] }, /^plan\.templates: .*"chat" twice/],
    ["a repeated null", { prefills: [null, null] }, /^plan\.prefills: .*null twice/],
    ["no seed though sampling", { temperatures: [0.7], seeds: [] }, /^plan\.seeds: /],
    ["half a seed", { seeds: [0.5] }, /^plan\.seeds: expected whole numbers, found 0\.5/],
    ["a temperature below zero", { temperatures: [-1] }, /^plan\.temperatures: .*found -1/],
    ["a temperature that is no number", { temperatures: [Number.NaN] }, /found NaN/],
    ["an empty prefill", { prefills: [""] }, /^plan\.prefills: .*Try: write null/],
    ["bare text with system prompts only", { systems: ["Be brief."] }, /^plan\.systems: .*template "none"/],
  ])("%s is refused", (_name, change, message) => {
    const attempt = () => expandConditions({ ...axes, ...change }, "plan");
    expect(attempt).toThrow(FathomError);
    expect(attempt).toThrow(message);
  });

  test("every expansion holds valid, distinct conditions", () => {
    const texts = fc.uniqueArray(fc.option(fc.string({ minLength: 1 })), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.record({
          templates: fc.constantFrom<ConditionAxes["templates"]>(["chat"], ["none"], ["none", "chat"]),
          systems: texts.map((some) => [null, ...some.filter((text) => text !== null)]),
          prefills: texts.map((some) => [...some.filter((text) => text !== null), null]),
          temperatures: fc.uniqueArray(fc.constantFrom(0, 0.3, 0.7, 1), { minLength: 1 }),
          seeds: fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 }),
          precision: fc.constantFrom(...precisions),
          templateVars: fc.constantFrom({}, { enable_thinking: false }),
        }),
        (drawn) => {
          const found = expandConditions(drawn, "plan").map((condition) => conditionSchema.parse(condition));
          expect(new Set(found.map((condition) => hashJson(condition))).size).toBe(found.length);
          const draws = drawn.temperatures
            .map((temperature) => (temperature === 0 ? 1 : drawn.seeds.length))
            .reduce((sum, n) => sum + n, 0);
          const systems = drawn.templates
            .map((template) => (template === "chat" ? drawn.systems.length : 1))
            .reduce((sum, n) => sum + n, 0);
          expect(found).toHaveLength(systems * drawn.prefills.length * draws);
        },
      ),
    );
  });
});
