/** What an intervention must hold to, on the organism: no-ops are the clean run to the bit, and places do not disturb each other. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomDirections } from "../../../anatomy/direction/random-directions.ts";
import { random } from "../../../core/random.ts";
import { type Model, openModel } from "../../../model/model.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { ScoreRows } from "../reading/score-rows.ts";
import { Interventions, scoresAt } from "./interventions.ts";

const last = { prefix: [], tokens: [47, 295] };
const behind = { prefix: [47], tokens: [432, 9] };
const prompts = [
  [1, 5, 58, 476, 444, 348, 302, 603, 1007, 524, 302, 360, 20, 3, 6],
  [1, 5, 887, 348, 269, 376, 461, 770, 20, 3, 6],
  [1, 5, 463, 402, 20, 3, 6],
].map(
  (ids, i): ReadPrompt => ({ id: String(i), cluster: String(i), side: "harmless", split: "validate", ids }),
);
let model: Model;
let units: Float64Array[];

beforeAll(async () => {
  model = await openModel(join(import.meta.dirname, "../../../../organisms/demo"), { threads: 1 });
  const [first] = randomDirections(160, 1, random(1));
  units = [first!, ...randomDirections(160, 1, random(2), [first!])];
});
afterAll(async () => {
  await model.close();
});
const at = (...places: (typeof last | typeof behind)[]) =>
  new Interventions(model, new ScoreRows(places), [1, 5]);

it("removing nothing and adding nothing is the clean run, to the bit", async () => {
  const interventions = at(last, behind);
  const { arms: clean } = await interventions.clean(prompts);
  const { arms } = await interventions.ablated(units, [[], [0]], prompts, prompts);
  expect(arms[0]!.scores).toEqual(clean[0]!.scores);
  expect([...arms[0]!.kl!]).toEqual([0, 0, 0]);
  expect(arms[1]!.scores).not.toEqual(clean[0]!.scores);
  expect(Math.min(...arms[1]!.kl!)).toBeGreaterThan(0);
  const vector = units[0]!.map((value) => 5 * value);
  const doses = [0, 1].map((dose) => ({ vector: 0, dose }));
  const added = await interventions.added([{ layer: 1, position: -1, vector }], doses, prompts);
  expect(added.arms[0]!.scores).toEqual(clean[0]!.scores);
  expect(added.arms[1]!.scores).not.toEqual(clean[0]!.scores);
});

it("compares the prompts that it is asked to compare, also where another one has the same id", async () => {
  const interventions = at(last);
  const compared = [{ ...prompts[0]!, id: "1" }];
  const alone = await interventions.ablated(units, [[0]], compared, compared);
  const beside = await interventions.ablated(units, [[0]], [...compared, prompts[1]!], compared);
  expect(prompts[1]!.id).toBe("1");
  expect([...beside.arms[0]!.kl!]).toEqual([...alone.arms[0]!.kl!]);
});

it("the score behind a forced beginning is that of a prompt with the beginning", async () => {
  const both = await at(last, behind).ablated(units, [[1]], prompts);
  const alone = await at(last).ablated(units, [[1]], prompts);
  const longer = prompts.map((prompt) => ({ ...prompt, ids: [...prompt.ids, ...behind.prefix] }));
  const forced = await at({ ...behind, prefix: [] }).ablated(units, [[1]], longer);
  expect(scoresAt(both.arms[0]!, 0, 2)).toEqual(scoresAt(alone.arms[0]!, 0, 1));
  expect(scoresAt(both.arms[0]!, 1, 2)).toEqual(scoresAt(forced.arms[0]!, 0, 1));
});

it("no part of removed directions is left, from the embedding to the last block", async () => {
  const interventions = at(last);
  const { edits, masks } = interventions.ablation(units, [[0, 1]]);
  const residuals: number[] = [];
  await model.measure(
    prompts.map(({ id, ids }) => ({ id, ids, masks: masks[0]!, positions: [] })),
    {
      edits,
      watch: [],
      want: {
        residuals: [
          { layer: 0, site: "embed" },
          { layer: 4, site: "resid_post" },
        ],
      },
    },
    ({ residuals: rows }) => {
      for (const row of rows)
        for (const unit of units)
          for (let at = 0; at < row.length; at += unit.length)
            residuals.push(unit.reduce((sum, value, i) => sum + value * row[at + i]!, 0));
    },
  );
  expect(residuals.length).toBe(2 * 2 * (15 + 11 + 7));
  expect(Math.max(...residuals.map(Math.abs))).toBeLessThan(1e-4);
});
