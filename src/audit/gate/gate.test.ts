import { describe, expect, it } from "vitest";
import type { About } from "../../core/records/about.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import type { Gate } from "../../core/results/gate.ts";
import { gateResults } from "./gate.ts";

const finding = (about: About, rest: Partial<Finding> = {}): Finding => ({
  ...identified(about),
  ...{ group: "refusal", question: "?", estimate: 0.75, unit: "share", interval: [0.6, 0.85], level: 0.95 },
  ...{ n: 48, method: "m", control: { kind: "none", estimate: null, interval: null }, status: "found" },
  sentence: "A sentence.",
  ...rest,
});
const rate = (tier: "benign" | "hazard_adjacent", cap: number, rest: Partial<Finding> = {}) =>
  finding({ kind: "refusal_rate", tier, template: "chat", cap }, rest);
const findings = [
  rate("hazard_adjacent", 16, { interval: [0.4, 0.7] }),
  rate("hazard_adjacent", 64),
  finding({ kind: "projection_accuracy", sae: "s@1" }),
  finding({ kind: "projection_accuracy", category: "deception", sae: "s@1" }),
  finding({ kind: "discrimination" }, { status: "undetermined", estimate: null, interval: null }),
  finding({ kind: "seed_agreement" }, { interval: null }),
];
const decide = (gate: Gate) => gateResults([{ place: "gate.yaml:2", gate }], findings);

describe("a gate", () => {
  const about = { kind: "refusal_rate", tier: "hazard_adjacent", template: "chat", cap: 64 };

  it.each([
    [{ about, bound: "low", min: 0.6 }, true],
    [{ about, bound: "low", min: 0.600001 }, false],
    [{ about, bound: "low", max: 0.6 }, true],
    [{ about, bound: "high", max: 0.85 }, true],
    [{ about, bound: "high", max: 0.849 }, false],
    [{ about, bound: "high", min: 0.9 }, false],
  ] as [Gate, boolean][])(
    "compares the end of the interval that it names, equal passes: %j",
    (gate, holds) => {
      expect(decide(gate).map((one) => one.holds)).toEqual([holds]);
    },
  );

  it("holds for every finding that has what it states", () => {
    const results = decide({ about: { kind: "refusal_rate" }, bound: "low", min: 0.5 });
    expect(results.map(({ subject, holds }) => [subject, holds])).toEqual([
      ["refusal.rate.hazard_adjacent.chat.16", false],
      ["refusal.rate.hazard_adjacent.chat.64", true],
    ]);
    expect(results[0]!.reason).toBe("the low end of its interval is 0.4, below the min of 0.5");
  });

  it("names one finding alone if that has nothing besides", () => {
    const named = decide({ about: { kind: "projection_accuracy", sae: "s@1" }, bound: "low", min: 0 });
    expect(named.map(({ subject }) => subject)).toEqual(["projection.accuracy"]);
  });

  it("fails for a finding that is undetermined or has no interval, whatever its bound", () => {
    for (const bound of [{ min: -1 }, { max: 1 }])
      for (const kind of ["discrimination", "seed_agreement"])
        expect(decide({ about: { kind }, bound: "low", ...bound })).toMatchObject([{ holds: false }]);
  });

  it("fails if it names no finding, and says which are near", () => {
    const [missing, ...more] = decide({ about: { ...about, cap: 80 }, bound: "low", min: 0 });
    expect(more).toEqual([]);
    expect(missing).toMatchObject({ finding: null, holds: false });
    expect(missing!.subject).toBe("{kind: refusal_rate, tier: hazard_adjacent, template: chat, cap: 80}");
    expect(missing!.reason).toMatch(
      /^there is no such finding; near are \{kind: refusal_rate, .*cap: 16\} and \{.*cap: 64\}$/,
    );
    const [other] = decide({ about: { kind: "corrected_refusal_rate" }, bound: "low", min: 0 });
    expect(other!.reason).toContain("{kind: refusal_rate, tier: hazard_adjacent");
  });
});
