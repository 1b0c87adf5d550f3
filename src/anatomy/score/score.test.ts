/** The refusal score on made-up answers and scores whose truth is known. */
import { describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { type Scored, type StandingAnswer, standOf } from "./answers.ts";
import { agreement, bestBoundary, searchBoundary } from "./boundary.ts";
import { scorePlaces, separatingTokens } from "./places.ts";
import { refusalScore } from "./score.ts";
import { earliestBest } from "./separation.ts";
import { refusalPrefixes, sequenceScore } from "./sequence.ts";

const answers = (stand: StandingAnswer["stand"], count: number, ...ids: number[]): StandingAnswer[] =>
  Array.from({ length: count }, () => ({ ids, stand }));
const scored = (refuses: boolean, ...scores: number[]): Scored[] =>
  scores.map((score, i) => ({ score, refuses, cluster: `pair ${i}` }));
const certainty = () => ({ resamples: 500, level: 0.95, random: random("score") });

it("counts a hedge as an answer, and what is broken or partly a refusal for neither side", () => {
  expect(
    (["refuse", "comply", "hedge", "partial", "mixed", "truncated", "incoherent"] as const).map(standOf),
  ).toEqual(["refuses", "complies", "complies", "neither", "neither", "neither", "neither"]);
});

describe("score tokens", () => {
  it("are those with which refusals begin and compliances do not", () => {
    const [first] = scorePlaces([
      ...answers("refuses", 8, 40, 1),
      ...answers("refuses", 3, 21, 7),
      ...answers("complies", 9, 50, 2),
      ...answers("complies", 1, 40, 2),
      ...answers("neither", 20, 60),
    ]);
    expect(first).toEqual({ prefix: [], tokens: [21, 40] });
  });

  it("leave out a token that compliances have as often", () => {
    expect(separatingTokens([1, 1, 1, 2], [1, 1, 3, 3])).toEqual([2]);
    expect(separatingTokens([1, 2], [])).toEqual([1, 2]);
  });

  it("come from behind the forced word if all answers begin with the same word", () => {
    const places = scorePlaces([
      ...answers("refuses", 6, 9, 4, 5, 6, 7, 8),
      ...answers("complies", 6, 9, 3, 5, 6, 7, 8),
    ]);
    // Nothing separates the first words, so all first words of refusals are kept there.
    expect(places.slice(0, 2)).toEqual([
      { prefix: [], tokens: [9] },
      { prefix: [9], tokens: [4] },
    ]);
    expect(places.every(({ prefix }) => prefix.length <= 4)).toBe(true);
  });

  it("stop where too few refusals share a beginning", () => {
    const places = scorePlaces([10, 11, 12, 13, 14].flatMap((first) => answers("refuses", 1, first, 1, 2)));
    expect(places).toEqual([{ prefix: [], tokens: [10, 11, 12, 13, 14] }]);
  });
});

describe("the deciding position", () => {
  const ten = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const good = [...scored(true, ...ten), ...scored(false, ...ten.map((score) => -score))];
  const poor = [
    ...scored(true, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
    ...scored(false, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0),
  ];
  it("is the one that separates", () => {
    expect(earliestBest([poor, good], certainty())).toBe(1);
    expect(earliestBest([good, poor], certainty())).toBe(0);
  });
  it("is the earliest of equally good ones, and of those that are only better by chance", () => {
    expect(earliestBest([good, good], certainty())).toBe(0);
    const slip = good.map((one) => (one.score === 12 ? { ...one, score: -3.5 } : one));
    expect(earliestBest([slip, good], certainty())).toBe(0);
  });
});

describe("the boundary", () => {
  it("has the best balanced accuracy and lies in the widest gap", () => {
    expect(bestBoundary([...scored(true, 2, 8), ...scored(false, -1, 0, 1)])).toBe(1.5);
    // Nine compliances of ten lie below 1, so plain accuracy would not pay for the refusals' side.
    const uneven = [...scored(true, 0.5), ...scored(false, -9, -8, -7, -6, -5, -4, -3, -2, 1)];
    expect(bestBoundary(uneven)).toBe(-0.75);
    expect(bestBoundary([...scored(true, 5), ...scored(false, 5)])).toBe(5);
    expect(() => bestBoundary(scored(true, 1))).toThrow(RangeError);
  });
  it("of a search says how often it is wrong, and does not exist where there is nothing to tell apart", () => {
    const answers = [-4, -3, 2, 5].map((score) => ({ score, refuses: score > 0 }));
    expect(searchBoundary(answers)).toEqual({ boundary: -0.5, disagreement: 0, n: 4 });
    // One refusal among nine compliances: fewest errors would never predict it.
    const rare = [-9, -8, -7, -6, -5, -4, -3, 1, 2].map((score) => ({ score, refuses: false }));
    expect(searchBoundary([...rare, { score: 0, refuses: true }])).toEqual({
      ...{ boundary: -1.5, disagreement: 0.2, n: 10 },
    });
    expect(searchBoundary([{ score: 1, refuses: true }])).toBeNull();
    expect(searchBoundary([true, false].map((refuses) => ({ score: 1, refuses })))).toBeNull();
  });
  it("reports how often judged answers disagree", () => {
    const found = agreement(0, [...scored(true, 1, 2, 3, -1), ...scored(false, -1, -2, -3, 0)], 0.95);
    expect(found).toMatchObject({ refusing: 4, complying: 4, balancedAccuracy: { estimate: 0.875 } });
    expect(found.disagreement.share).toBe(1 / 8);
    expect(found.disagreement.interval[0]).toBeCloseTo(0.0224, 4);
    expect(found.disagreement.interval[1]).toBeCloseTo(0.4709, 4);
    const { interval } = found.balancedAccuracy;
    expect(interval[0]).toBeLessThan(0.875);
    expect(interval[1]).toBeGreaterThan(0.875);
  });
});

describe("the sequence score", () => {
  const prefixes = refusalPrefixes([[1, 2, 3, 4, 5], [1, 2, 3, 4, 6], [7, 8], []]);
  it("weighs the refusals' beginnings by how common they are", () => {
    expect(prefixes).toEqual([
      { ids: [1, 2, 3, 4], weight: 2 / 3 },
      { ids: [7, 8], weight: 1 / 3 },
    ]);
  });
  it("is a weighted sum or mean of log probabilities", () => {
    const logs = [
      [-1, -2, -3, -4],
      [-1, -5],
    ];
    expect(sequenceScore(prefixes, logs, "sum")).toBeCloseTo((2 / 3) * -10 + (1 / 3) * -6, 12);
    expect(sequenceScore(prefixes, logs, "mean")).toBeCloseTo((2 / 3) * -2.5 + (1 / 3) * -3, 12);
  });
});

it("chooses place and boundary on one part and checks them on another", () => {
  const places = [
    { prefix: [], tokens: [1] },
    { prefix: [1], tokens: [2] },
  ];
  const flat = [...scored(true, 0, 0, 0, 0), ...scored(false, 0, 0, 0, 0)];
  const clear = [...scored(true, 2, 3, 4, 5), ...scored(false, -2, -3, -4, -5)];
  const held = [...scored(true, 1, 1, -1), ...scored(false, -1)];
  const part = (second: Scored[]) => ({ places: [flat, second], sequence: clear });
  const found = refusalScore(places, [], part(clear), part(held), { ...certainty(), searched: true });
  expect(found).toMatchObject({ last: places[0], deciding: places[1], boundary: 0, auc: 1 });
  expect(found.tried.map(({ auc }) => auc)).toEqual([0.5, 1]);
  expect(found.held).toMatchObject({ refusing: 3, complying: 1, disagreement: { share: 1 / 4 } });
  expect(found.fitted.disagreement.share).toBe(0);
  const oneClass = scored(true, 1);
  const given = refusalScore(
    places,
    [],
    part(clear),
    { places: [oneClass, oneClass], sequence: oneClass },
    { ...certainty(), searched: false },
  );
  expect(given).toMatchObject({ deciding: places[0], held: null, sequence: { held: null } });
});
