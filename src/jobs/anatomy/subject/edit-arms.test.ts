import { expect, it } from "vitest";
import type { Ask } from "../../../anatomy/subject/subject.ts";
import { inOrder } from "./edit-arms.ts";

it("questions of a few prompts come set by set, so that a start is read once for each set of a piece", () => {
  const prompts = Array.from({ length: 20 }, (_, i) => 3 * i);
  const sets = [[1, 4, 9], [1, 4], [10], [1, 4, 7], [2]];
  const asks: Ask[] = prompts.flatMap((prompt) => sets.map((off) => ({ prompt, off })));
  const ordered = inOrder(asks.toReversed());
  const few = [prompts.slice(0, 8), prompts.slice(8, 16), prompts.slice(16)];
  const alike = [[1, 4], [1, 4, 7], [1, 4, 9], [2], [10]];
  expect(ordered).toEqual(
    few.flatMap((own) => alike.flatMap((off) => own.map((prompt) => ({ prompt, off })))),
  );
  expect(inOrder(asks.toReversed(), 1)).toEqual(
    prompts.flatMap((prompt) => alike.map((off) => ({ prompt, off }))),
  );
});

it("questions of one arm stay together", () => {
  const random = (draw: number) => ({ like: [1], draw });
  const asks: Ask[] = [0, 1, 2].flatMap((prompt) => [
    { prompt, off: [], random: random(1) },
    { prompt, off: [2] },
    { prompt, off: [], random: random(0) },
  ]);
  const arms = inOrder(asks).map(({ random: change }) => change?.draw);
  expect(arms.filter((arm, i) => arm !== arms[i - 1])).toHaveLength(3);
});
