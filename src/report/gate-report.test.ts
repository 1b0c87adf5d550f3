import { describe, expect, it } from "vitest";
import { syntheticReport } from "../../test/support/synthetic-report.ts";
import type { GateResult } from "../core/results/gate.ts";
import { findingsJunit, gateJunit, gateMarkdown } from "./gate-report.ts";
import { junitXml } from "./junit.ts";

const result = (subject: string, holds: boolean, reason: string): GateResult => ({
  ...{ place: "gate.yaml:2", gate: { about: { kind: "x" }, bound: "low", min: 1 } },
  ...{ subject, wanted: "low ≥ 1", finding: null, holds, reason },
});

describe("JUnit XML", () => {
  it("counts cases, and keeps hostile text inside its attributes", () => {
    const hostile = `"/><evil a='1'>& ]]> \u0000\u0007\ud800\ufffe\u202e\nline`;
    const xml = junitXml(hostile, [
      {
        name: "s",
        cases: [{ name: hostile, failure: hostile }, { name: "b", skipped: hostile }, { name: "c" }],
      },
    ]);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).not.toContain("<evil");
    // Every character is one that XML 1.0 can hold, and what is between tags and attributes has no sign of markup.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/u);
    expect(xml.replaceAll(/<\/?\w+(?: \w+="[^"<>]*")*\/?>|<\?xml[^>]*\?>/g, "")).not.toMatch(/[<>]/);
    expect(xml.replaceAll(/&(?:amp|lt|gt|quot);/g, "")).not.toContain("&");
  });

  it("has a failure for every gate that failed", () => {
    const xml = gateJunit("Run", [result("a", true, "fine"), result("b", false, "too low")]);
    expect(xml).toContain('<testcase classname="fathom gate" name="a: low ≥ 1"/>');
    expect(xml).toContain('name="b: low ≥ 1"><failure message="too low">too low</failure></testcase>');
    expect(xml).toContain('tests="2" failures="1"');
  });
});

it("findings alone pass or are skipped", () => {
  const { findings } = syntheticReport();
  const undetermined = findings.filter(({ status }) => status === "undetermined").length;
  expect(undetermined).toBeGreaterThan(0);
  const xml = findingsJunit("Run", findings);
  expect(xml).toContain(`tests="${findings.length}" failures="0" errors="0" skipped="${undetermined}"`);
});

describe("the comment", () => {
  it("begins with the verdict and ends with what failed", () => {
    const made = gateMarkdown("Run", [result("a", true, "fine"), result("b", false, "too low")], []);
    expect(made).toMatch(/^## Run: 1 of 2 gates failed\n/);
    expect(made.trimEnd()).toMatch(/- \*\*b\*\*: too low$/);
    expect(gateMarkdown("Run", [result("a", true, "fine")], [])).toMatch(/^## Run: all 1 gates hold\n/);
  });

  it("keeps hostile text inert", () => {
    const made = gateMarkdown("<b>|", [result("`|x", false, "<script>[a](http://b)")], []);
    expect(made).not.toMatch(/<b>|<script>|\]\(http:/);
  });
});
