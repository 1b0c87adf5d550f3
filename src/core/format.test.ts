import { describe, expect, it } from "vitest";
import {
  fineShare,
  formatControl,
  formatFinding,
  formatInterval,
  formatNumber,
  formatValue,
} from "./format.ts";
import type { Finding } from "./records/finding.ts";

const finding: Finding = {
  ...{
    id: "refusal.seeds",
    about: { kind: "seed_agreement" },
    group: "a",
    question: "a?",
    sentence: "A.",
    method: "m",
    status: "found",
    level: 0.95,
    n: 32,
  },
  ...{ estimate: 0.416, unit: "share", interval: [0.31, 0.54] },
  control: { kind: "chance", estimate: -0.02, interval: null },
};

describe("numbers for people", () => {
  it("reads shares as percentages, their differences as points, and keeps other units", () => {
    expect(formatValue(0.416, "share")).toBe("42%");
    expect(formatValue(-0.416, "difference of shares")).toBe("−42 points");
    expect(formatValue(17, "tokens")).toBe("17 tokens");
    expect(formatValue(0.41649, "D")).toBe("0.416");
    expect(formatValue(null, "D")).toBe("–");
  });

  it("writes no exponent, no hyphen for minus and no minus zero", () => {
    expect(formatNumber(-0.000123)).toBe("−0.000123");
    expect(formatNumber(1234.5)).toBe("1230");
    expect(formatValue(-0.001, "share")).toBe("0%");
  });

  it("rounds no fine share to all or to nothing", () => {
    const shares = [0, 0.000977, 0.0681, 0.17, 0.5, 0.97, 0.99962, 1, -0.004];
    expect(shares.map((share) => formatValue(share, fineShare))).toEqual([
      ...["0%", "0.098%", "6.8%", "17%", "50%", "97.0%", "99.962%", "100%", "−0.40%"],
    ]);
  });

  it("never lets an estimate go without its n", () => {
    expect(formatFinding(finding)).toBe("42% [31%, 54%], n = 32");
    expect(formatFinding({ ...finding, estimate: null, interval: null })).toBe("no estimate, n = 32");
    expect(formatInterval([2, 99], "tokens")).toBe("[2, 99]");
  });

  it("names the control even where it has no number", () => {
    expect(formatControl(finding)).toBe("chance: −2%");
    expect(formatControl({ ...finding, control: { kind: "none", estimate: null, interval: null } })).toBe(
      "none",
    );
  });
});
