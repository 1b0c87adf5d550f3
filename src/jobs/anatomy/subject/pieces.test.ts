import { expect, it } from "vitest";
import type { Json } from "../../../core/hash.ts";
import type { Memory } from "../memory/memory.ts";
import { Pieces } from "./pieces.ts";

/** Keeps what was measured, as the journal does; `lost` says which measurement a kill interrupts. */
class Kept implements Memory {
  readonly values = new Map<string, unknown>();
  made = 0;
  lost = Infinity;

  async recall<T>(what: string, inputs: Json, measure: () => Promise<T>): Promise<T> {
    const key = JSON.stringify({ what, inputs });
    if (this.values.has(key)) return this.values.get(key) as T;
    if (this.made === this.lost) throw new Error("killed");
    this.made++;
    const value = await measure();
    this.values.set(key, value);
    return value;
  }
}

const squares = (memory: Memory, measured: number[][]) =>
  new Pieces<number, number>(
    {
      what: "squares",
      setup: null,
      asJson: (n) => n,
      inOrder: (numbers) => [...numbers].sort((a, b) => (a % 10) - (b % 10)),
      atATime: 3,
      measure: (piece) => {
        measured.push([...piece]);
        return Promise.resolve({ answers: piece.map((n) => n * n), blockEvaluations: 2 * piece.length });
      },
    },
    memory,
    () => undefined,
  );

it("answers in the order of the questions, each once, those that share work together", async () => {
  const measured: number[][] = [];
  const pieces = squares(new Kept(), measured);
  expect(await pieces.ask([12, 1, 2, 11, 1])).toEqual([144, 1, 4, 121, 1]);
  expect(measured).toEqual([[1, 11, 12], [2]]);
  expect(await pieces.ask([2, 3, 12])).toEqual([4, 9, 144]);
  expect(measured).toEqual([[1, 11, 12], [2], [3]]);
  expect(pieces.spent).toEqual({ asked: 5, blockEvaluations: 10 });
});

it("measures no finished piece again after a kill, and counts the same", async () => {
  const whole = squares(new Kept(), []);
  const run = async (pieces: Pieces<number, number>) => [
    await pieces.ask([5, 1, 4, 2, 3]),
    await pieces.ask([3, 7, 8, 6, 9]),
  ];
  const expected = await run(whole);
  for (const lost of [0, 1, 2, 3]) {
    const memory = new Kept();
    memory.lost = lost;
    await expect(run(squares(memory, []))).rejects.toThrow("killed");
    memory.lost = Infinity;
    const measured: number[][] = [];
    const again = squares(memory, measured);
    expect(await run(again)).toEqual(expected);
    expect(again.spent).toEqual(whole.spent);
    expect(measured.length).toBe(4 - lost);
  }
});
