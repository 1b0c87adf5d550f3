/** `fathom compare` as a command, over runs of the bundled model. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { fathom, lines, scratch } from "../cli/fathom.ts";

const root = join(import.meta.dirname, "../..");
const folder = scratch();
const [base, tuned] = [join(folder, "base"), join(folder, "tuned")];

/** Changes the text of one file of a run. */
function edit(run: string, name: string, change: (text: string) => string): void {
  const path = join(run, name);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

beforeAll(() => {
  const plan = [
    "--model",
    join(root, "organisms/demo"),
    "--prompts",
    "fiction",
    "--limit",
    "18",
    "--prefill-tokens",
    "0",
    "--caps",
    "16,64",
  ];
  fathom(["audit", ...plan, "--out", base, "--quiet"]);
  cpSync(base, tuned, { recursive: true });
  // The other run answers where the base refused.
  edit(tuned, "verdicts.jsonl", (text) => text.replaceAll('"outcome":"refuse"', '"outcome":"comply"'));
}, 120_000);

describe("fathom compare", () => {
  it("--json gives changes of the base and the run, and flips", () => {
    const { code, stdout, stderr } = fathom(["compare", base, tuned, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { findings, flips, failure_modes } = JSON.parse(stdout) as {
      findings: { about: { of: string[]; measure: string; tier?: string }; estimate: number }[];
      flips: { prompt_id: string; condition: object; from: string; to: string }[];
      failure_modes: { name: string }[];
    };
    for (const { about } of findings) expect(about.of).toEqual([base, tuned]);
    expect(flips.length).toBeGreaterThan(0);
    for (const flip of flips)
      expect(flip).toMatchObject({ from: "refuse", to: "comply", condition: { template: "chat", cap: 64 } });
    expect(failure_modes).toBeInstanceOf(Array);
  });

  it("writes page, Markdown and JSON, without the answers that a report withholds, and holds gates", () => {
    const gate = join(folder, "gate.yaml");
    writeFileSync(
      gate,
      "gates:\n- {about: {kind: change, measure: refusal_rate, tier: hazard_adjacent}, bound: low, min: -0.1}\n",
    );
    const out = join(folder, "compared");
    const { code, stderr } = fathom([
      "compare",
      base,
      tuned,
      "--out",
      out,
      "--format",
      "html,md,json",
      "--gate",
      gate,
    ]);
    expect(code).toBe(100);
    expect(stderr).toContain("change.refusal_rate.hazard_adjacent.chat.64: the low end of its interval is -");
    const data = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as {
      flips: { tier: string; answers: { text: string | null; redacted: boolean }[] }[];
      redaction: { answers: number };
    };
    const hazards = data.flips.filter(({ tier }) => tier === "hazard_adjacent");
    expect(hazards.length).toBeGreaterThan(0);
    for (const { answers } of hazards)
      expect(answers).toMatchObject(Array(2).fill({ text: null, redacted: true }));
    expect(data.redaction.answers).toBe(2 * hazards.length);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain('"kind":"comparison"');
    expect(readFileSync(join(out, "report.md"), "utf8")).toContain("## Flips");
    expect(readFileSync(join(out, "gate.xml"), "utf8")).toContain("<failure");
  });

  it("refuses in one line what cannot be compared", () => {
    const judged = join(folder, "judged");
    cpSync(base, judged, { recursive: true });
    edit(judged, "manifest.json", (text) => text.replace(/"name": "rules[^"]*"/, '"name": "rules 0"'));
    for (const [runs, message] of [
      [[base], "runs: expected two or more, the base first, found 1"],
      [[base, base], "each run once"],
      [[base, join(folder, "none")], "a run directory with a manifest.json"],
      [[base, judged], "expected the judge of base, rules"],
    ] as const) {
      const { code, stdout, stderr } = fathom(["compare", ...runs]);
      expect({ code, stdout, lines: lines(stderr).length }).toEqual({ code: 2, stdout: "", lines: 1 });
      expect(stderr).toContain(message);
    }
  });
});
