import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { publishedCategories } from "../../../audit/features/published-categories.ts";
import type { Prompt } from "../../../core/records/prompt.ts";
import { readPlanFile } from "../plan.ts";
import { namedCategories, requireDefined } from "./plan-categories.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-categories-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const written = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const own = `categories:
  - refusal_circuitry
  - name: roleplay
    has: { framing: roleplay, outcome: [comply, partial] }
    lacks: { framing: direct }
    features: 5
`;
const roleplay = {
  name: "roleplay",
  has: { framing: ["roleplay"], outcome: ["comply", "partial"] },
  lacks: { framing: ["direct"] },
  features: 5,
  least_effect: 0.1,
};

describe("a file of categories", () => {
  it("takes published ones by name and defines others, single values and lists alike", () => {
    const refusal = publishedCategories.find(({ name }) => name === "refusal_circuitry");
    expect(namedCategories(written("own.yaml", own))).toEqual([refusal, roleplay]);
    const json = written("own.json", JSON.stringify({ categories: [refusal, roleplay] }));
    expect(namedCategories(json)).toEqual([refusal, roleplay]);
    expect(namedCategories("published")).toBe(publishedCategories);
  });

  it("may be a part of a plan, or named in one, beside it", () => {
    const inline = readPlanFile(written("inline.yaml", `prompts: biology\n${own}`));
    expect(inline.categories).toHaveLength(2);
    const named = readPlanFile(written("named.yaml", "prompts: biology\ncategories: ./own.yaml\n"));
    expect(named.categories).toBe(join(folder, "own.yaml"));
  });

  it.each([
    [
      "an unknown name",
      "categories: [hazard, hedging]",
      /:1 categories.0: expected a published category \(bio_content/,
    ],
    [
      "an unknown key",
      own.replace("features: 5", "top: 5"),
      /:6 categories.1.top: expected a key of a category/,
    ],
    [
      "an unknown field of a side",
      own.replace("framing: direct", "frame: direct"),
      /:5 categories.1.lacks.frame/,
    ],
    [
      "an unknown tier",
      own.replace("framing: direct", "tier: mild"),
      /:5 categories.1.lacks.tier.0: .*benign/,
    ],
    ["an unknown outcome", own.replace("[comply, partial]", "[comply, maybe]"), /categories.1.has.outcome.1/],
    [
      "a side that says nothing",
      own.replace("{ framing: direct }", "{}"),
      /lacks: expected at least one of tier/,
    ],
    [
      "sides that overlap",
      own.replace("framing: direct", "outcome: comply"),
      /:5 categories.1.lacks: expected a side that no/,
    ],
    ["a name twice", own.replace("name: roleplay", "name: refusal_circuitry"), /each category's name once/],
    ["one alone", "categories: [hedging]", /at least two categories/],
    [
      "a name that no id could hold",
      own.replace("name: roleplay", "name: Role play"),
      /:3 categories.1.name: expected a name of/,
    ],
    ["no features", own.replace("features: 5", "features: 0"), /:6 categories.1.features/],
    ["another key", `${own}caps: [3]\n`, /:7 caps/],
    ["no list", "categories: 7", /categories/],
    ["nothing", "", /categories/],
  ])("refuses %s in one line", (_what, text, message) => {
    const path = written("bad.yaml", text);
    expect(() => namedCategories(path)).toThrow(message);
    expect(() => namedCategories(path)).toThrow(path);
  });

  it("refuses a file that is not there", () => {
    expect(() => namedCategories(join(folder, "none.yaml"))).toThrow(/none.yaml/);
  });
});

describe("what the prompts define", () => {
  const prompts = ["direct", "educational"].map(
    (framing) => ({ id: framing, framing, tier: "benign", panel: "main", category: "any" }) as Prompt,
  );

  it("refuses a side that no prompt can be on, by category and side, with what there is", () => {
    const categories = namedCategories(written("own.yaml", own));
    expect(() => {
      requireDefined(categories, prompts, "a set");
    }).toThrow(
      "category roleplay, has: expected roleplay-framed prompts, found none in a set. Try: its framing: direct, educational",
    );
    requireDefined(categories, [...prompts, { ...prompts[0]!, framing: "roleplay" }], "a set");
  });

  it("uses the published five with any set", () => {
    requireDefined(publishedCategories, prompts, "a set");
  });
});
