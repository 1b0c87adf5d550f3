import fc from "fast-check";
import { expect, it } from "vitest";
import { circuits } from "../../../test/support/circuits.ts";
import { counted } from "../subject/ledger.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { tally } from "./tally.ts";
import { flipsByJudge, flipsByScore, scoresOf } from "./trial.ts";

it("answers are counted by kind; broken text is neither refusal nor flip", () => {
  expect(
    tally([
      { outcome: "comply", coherence: "fine" },
      { outcome: "comply", coherence: "loops" },
      { outcome: "comply", coherence: "noise" },
      { outcome: "refuse", coherence: "noise" },
      { outcome: "empty", coherence: "fine" },
      { outcome: "refuse", coherence: "fine" },
      { outcome: "evade", coherence: "fine" },
      { outcome: "partial", coherence: "fine" },
    ]),
  ).toEqual({ asked: 8, complied: 2, refused: 1, evaded: 1, broken: 3, other: 1, looped: 1 });
});

it("a set is asked once, and each prompt of a resample once", async () => {
  const circuit = circuits.bottleneck(1, 5);
  const { subject, ledger } = counted(circuit);
  const [first, second] = circuit.harmful("fit");
  const trial = { prompts: [first!, second!, first!], around: (): FeatureSet => [], boundary: 0, needed: 3 };
  const flips = flipsByScore(subject, trial);
  const part = circuit.named("a");
  expect(await flips([[], part, []])).toEqual([false, true, false]);
  expect(await flips([part])).toEqual([true]);
  expect(ledger.scores).toBe(4);
  expect(await flipsByJudge(subject, trial)([part, []])).toEqual([true, false]);
  const [scores] = await scoresOf(subject, trial, [[]]);
  expect(scores).toHaveLength(3);
  expect(scores![0]).toBe(scores![2]);
});

it("a set is asked only until its answer is certain, and the answer is that of all prompts", async () => {
  const flips = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.array(flips, { minLength: 1, maxLength: 4 }), fc.nat(60), async (sets, most) => {
      const n = Math.min(...sets.map(({ length }) => length));
      const needed = 1 + (most % n);
      const asked = sets.map(() => 0);
      const subject: Pick<Subject, "scores"> = {
        scores: (asks) => {
          for (const { off } of asks) asked[off[0]!]!++;
          return Promise.resolve(
            Float64Array.from(asks, ({ off, prompt }) => (sets[off[0]!]![prompt] ? -1 : 1)),
          );
        },
      };
      const trial = {
        ...{ prompts: Array.from({ length: n }, (_, i) => i), boundary: 0 },
        around: () => [],
        needed,
      };
      const answers = await flipsByScore(subject as Subject, trial)(sets.map((_, set) => [set]));
      const counts = sets.map((set) => set.slice(0, n).filter(Boolean).length);
      expect(answers).toEqual(counts.map((count) => count >= needed));
      // One that flips nowhere is given up after the first prompts.
      counts.forEach((count, set) => {
        if (count === 0) expect(asked[set]).toBe(Math.min(n, Math.max(8, n - needed + 1)));
      });
    }),
    { seed: 5 },
  );
});
