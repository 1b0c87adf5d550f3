import { expect, it } from "vitest";
import { active, backup, Circuit, distractors } from "../../../test/support/circuit.ts";
import { keyOf, setOf, union, without } from "./feature-set.ts";
import { blockEvaluations, counted } from "./ledger.ts";
import type { Candidate } from "./subject.ts";

it("sets are ascending and without repeats", () => {
  expect(setOf([10, 9, 10, 2])).toEqual([2, 9, 10]);
  expect(union([1, 5], [3, 5])).toEqual([1, 3, 5]);
  expect(without([1, 3, 5], [3])).toEqual([1, 5]);
  expect(keyOf([1, 12])).not.toBe(keyOf([11, 2]));
});

it("a ledger counts asks of each kind and changes no answer", async () => {
  const circuit = new Circuit({
    units: [active("a", 1), backup("b", 3, ["a"]), ...distractors(20, 6, 1)],
    refusal: (read) => read("a") + read("b"),
    seed: 1,
  });
  const { subject, ledger } = counted(circuit);
  const asks = [
    { prompt: 0, off: [] },
    { prompt: 0, off: circuit.named("a", "b") },
  ];
  const [clean, ablated] = await subject.scores(asks);
  expect(clean).toBeGreaterThan(0);
  expect(ablated).toBeLessThan(0);
  const [before, after] = await subject.activity([asks[0]!, { prompt: 0, off: circuit.named("a") }]);
  const [woken] = circuit.named("b");
  expect(before![woken!]).toBe(0);
  expect(after![woken!]).toBeGreaterThan(0.8);
  await subject.judged(asks.slice(1));
  expect(ledger).toEqual({ scores: 2, sensitivities: 0, activity: 2, judged: 1 });
});

it("rows share the blocks below their first different edit", () => {
  const candidates: Candidate[] = [2, 2, 5].map((layer, feature) => ({ sae: "s", layer, feature }));
  const cost = (...offs: number[][]) =>
    blockEvaluations(
      offs.map((off) => ({ prompt: 0, off })),
      candidates,
      8,
    );
  expect(cost([])).toBe(8);
  expect(cost([0])).toBe(8);
  // The edit of layer 5 is first read by block 6.
  expect(cost([], [2])).toBe(8 + 2);
  expect(cost([0, 1], [0, 1, 2], [1])).toBe(8 + 2 + 5);
});
