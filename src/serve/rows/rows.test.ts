/** The limit of open requests, against a real engine. */
import { expect, test } from "vitest";
import { bundledModel } from "../../../test/support/served-model.ts";
import { openModel } from "../../model/model.ts";
import { Rows } from "./rows.ts";

test("more requests than fit are refused, those that leave make room, and closing ends all", async () => {
  const model = await openModel(bundledModel, { threads: 1 });
  const rows = new Rows(model, [], 4);
  const failures: Error[] = [];
  const listener = {
    onToken: () => undefined,
    onEnd: () => undefined,
    onFailure: (error: Error) => failures.push(error),
  };
  const start = () => rows.start({ ids: [1, 5], maxNewTokens: 200, temperature: 0, seed: 0 }, listener);
  const leaves = Array.from({ length: 1024 }, start);
  expect(start).toThrow(expect.objectContaining({ status: 429 }));
  leaves[0]!();
  leaves[0]!();
  leaves[1000]!();
  start();
  start();
  expect(start).toThrow(expect.objectContaining({ status: 429 }));
  rows.close();
  expect(failures).toHaveLength(1024);
  expect(new Set(failures.map(({ message }) => message))).toEqual(new Set(["the server is closing"]));
  expect(start).toThrow(expect.objectContaining({ status: 503 }));
  await model.close();
});

test("a row's cache has the same capacity alone and among others, and no row waits for ever", async () => {
  const model = await openModel(bundledModel, { threads: 1 });
  const batches: { capacity: number; ids: string[] }[] = [];
  const rows = new Rows(
    {
      ...model,
      generateLive(requests, options, onRow, onNew) {
        batches.push({ capacity: options.plan.capacity, ids: requests.map(({ id }) => id) });
        return model.generateLive(requests, options, onRow, onNew);
      },
    },
    [],
    4,
  );
  const ends: string[] = [];
  const start = (name: string, maxNewTokens: number) =>
    new Promise<void>((resolve, reject) => {
      const onEnd = () => {
        ends.push(name);
        resolve();
      };
      const listener = { onToken: () => undefined, onEnd, onFailure: reject };
      rows.start({ ids: [1, 5], maxNewTokens, temperature: 0, seed: 0 }, listener);
    });
  await Promise.all([start("a", 4), start("b", 300), start("c", 254), start("d", 255), start("e", 8)]);
  // A batch takes no row that came after one with another capacity, and 512 is the model's context.
  expect(batches).toEqual([
    { capacity: 256, ids: ["row-0"] },
    { capacity: 512, ids: ["row-1", "row-3"] },
    { capacity: 256, ids: ["row-2", "row-4"] },
  ]);
  expect(ends).toEqual(["a", "d", "b", "e", "c"]);
  await model.close();
});
