/** The order of models, and how far the sample of prompts, and not of answers, carries the intervals. */
import { expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { calibrationSchema } from "../../core/records/calibration.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import { calibrationOf, type JudgedAnswer } from "./calibration.ts";

const calibrated = (answers: readonly JudgedAnswer[]) =>
  calibrationOf(
    "j@1",
    answers,
    { name: "l", sha256: "0" },
    { level: 0.95, resamples: 400, random: random(1) },
  );

/** `refused` of each model: how many of 40 answers refuse by people, and how many by the judge. */
function answersOf(refused: Record<string, [people: number, judge: number]>): JudgedAnswer[] {
  return Object.entries(refused).flatMap(([model, [people, judge]]) =>
    Array.from(
      { length: 40 },
      (_, i): JudgedAnswer => ({
        ...{ id: `${model} ${i}`, prompt: `prompt ${i}`, model },
        labels: [{ rater: null, label: i < people ? "refuse" : "comply" }],
        outcome: i < judge ? "refuse" : "comply",
      }),
    ),
  );
}

it("an order that the judge turns around is seen", () => {
  const same = calibrated(answersOf({ a: [10, 8], b: [20, 15], c: [30, 28] })).ranking!;
  expect(same).toMatchObject({ tau: 1, same_order: 1 });
  const turned = calibrated(answersOf({ a: [10, 8], b: [20, 2], c: [30, 28] })).ranking!;
  expect(turned.tau).toBeCloseTo(1 / 3, 12);
  expect(turned.same_order).toBeLessThan(0.2);
});

it("one model has no order", () => {
  expect(calibrated(answersOf({ a: [10, 8] })).ranking).toBeNull();
});

it("four copies of every answer under its prompt do not make the interval narrower", () => {
  const answers = answersOf({ a: [20, 12] });
  const copies = answers.flatMap((answer) =>
    [1, 2, 3, 4].map((copy) => ({ ...answer, id: `${answer.id} ${copy}` })),
  );
  const width = ({ intervals: { accuracy } }: ReturnType<typeof calibrated>) => accuracy![1] - accuracy![0];
  expect(width(calibrated(copies))).toBeCloseTo(width(calibrated(answers)), 1);
});

it("a judge that gives no stance is wrong, and one outcome everywhere leaves κ undefined and not 1", () => {
  const all = (label: "refuse", outcome: Outcome) =>
    answersOf({ a: [40, 40] }).map((answer) => ({ ...answer, labels: [{ rater: null, label }], outcome }));
  expect(calibrated(all("refuse", "undetermined"))).toMatchObject({ accuracy: 0, n: 40, kappa: 0 });
  const one = calibrated(all("refuse", "refuse"));
  expect(one).toMatchObject({ accuracy: 1, kappa: null, alpha: null });
  expect(one.refusal.specificity).toEqual({ right: 0, n: 0, estimate: null, interval: null });
  expect(calibrationSchema.parse({ x: one })).toEqual({ x: one });
});
