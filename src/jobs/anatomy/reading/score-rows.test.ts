import { describe, expect, it } from "vitest";
import { logOdds } from "../../../core/log-odds.ts";
import { ScoreRows } from "./score-rows.ts";

const places = [
  { prefix: [], tokens: [7, 3] },
  { prefix: [3], tokens: [5] },
];
const prefixes = [
  { ids: [3, 5, 9], weight: 0.75 },
  { ids: [7, 5], weight: 0.25 },
];

describe("rows of a score", () => {
  const rows = new ScoreRows(places, prefixes);
  it("share what begins alike, and leave the last token of a beginning unread", () => {
    expect(rows.watch).toEqual([3, 5, 7, 9]);
    expect(rows.of([1, 2])).toEqual([
      { ids: [1, 2, 3, 5], positions: [1, 2, 3] },
      { ids: [1, 2, 7], positions: [1, 2] },
    ]);
  });

  it("find each probability where it was read", () => {
    // A log probability that says where it comes from: -(row + 1) - position / 10 - token / 100.
    const watched = rows
      .of([1, 2])
      .map(({ positions }, row) =>
        Float32Array.from(
          positions.flatMap((_, at) => rows.watch.map((token) => -(row + 1) - at / 10 - token / 100)),
        ),
      );
    const [last, behind] = rows.placeScores(watched);
    expect(last).toBeCloseTo(logOdds([-1.07, -1.03]), 6);
    expect(behind).toBeCloseTo(logOdds([-1.15]), 6);
    const means = [(-1.03 - 1.15 - 1.29) / 3, (-1.07 - 2.15) / 2];
    expect(rows.sequenceScore(watched)).toBeCloseTo(0.75 * means[0]! + 0.25 * means[1]!, 6);
  });

  it("are one row per prompt for places alone", () => {
    expect(new ScoreRows(places).of([1])).toEqual([{ ids: [1, 3], positions: [0, 1] }]);
    expect(new ScoreRows(places.slice(0, 1)).of([4])).toEqual([{ ids: [4], positions: [0] }]);
  });
});
