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
