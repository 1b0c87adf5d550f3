/** Each seed trains on the texts and on its own prompts, but on no token of a prompt that it is judged on. */
import { expect, it } from "vitest";
import type { Prompt } from "../../core/records/prompt.ts";
import { type Rows, rowsOf } from "../../sae/code/rows.ts";
import type { LabelledRows } from "../../sae/domain/labelled.ts";
import type { Domain } from "./domain-prompts.ts";
import { seedRowsOf } from "./seed-rows.ts";

// Rows of width 1: two tokens of a text, then a, b and c with one, two and three.
const rows = rowsOf(Float32Array.of(1, 1.1, 10, 20, 21, 30, 31, 32), 1, "rows");
const spans = [1, 2, 3].map((length) => ({ length, from: 0 }));
const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, pair: null, tier: "benign" }) as Prompt);
const domain = {
  prompts: [a, b, c],
  pooling: "mean",
  splits: [
    { seed: "0", trained: [c, a], heldOut: [b], tokens: 4 },
    { seed: "1", trained: [b], heldOut: [a, c], tokens: 2 },
  ],
} as unknown as Domain;

it("gives each seed its rows, whatever the order of its split", () => {
  const all = (of: Rows) => [...of.read(0, of.count)].map((value) => Number(value.toFixed(1)));
  const side = ({ rows: own, prompts }: LabelledRows) => ({
    rows: all(own),
    prompts: prompts.map(({ id, range }) => [id, ...range]),
  });
  const found = seedRowsOf(rows, spans, domain).map(({ seed, rows: trainable, sides }) => ({
    seed,
    trainable: all(trainable),
    trained: side(sides.trained),
    heldOut: side(sides.heldOut),
  }));
  expect(found).toEqual([
    {
      seed: "0",
      trainable: [1, 1.1, 30, 31, 32, 10],
      trained: {
        rows: [30, 31, 32, 10],
        prompts: [
          ["c", 0, 3],
          ["a", 3, 4],
        ],
      },
      heldOut: { rows: [20, 21], prompts: [["b", 0, 2]] },
    },
    {
      seed: "1",
      trainable: [1, 1.1, 20, 21],
      trained: { rows: [20, 21], prompts: [["b", 0, 2]] },
      heldOut: {
        rows: [10, 30, 31, 32],
        prompts: [
          ["a", 0, 1],
          ["c", 1, 4],
        ],
      },
    },
  ]);
});
