import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { scratchFolder } from "./io.ts";
import { inTurn, Spool } from "./spool.ts";

const beside = join(scratchFolder("fathom-spool-"), "out");
let spool: Spool;
afterEach(() => {
  spool.close();
});
afterAll(() => {
  rmSync(dirname(beside), { recursive: true });
});

it("gives back arrays in any order and any number of times, and leaves no file", () => {
  spool = new Spool(beside);
  const [a, b] = [spool.put(Float32Array.of(1, 2, 3)), spool.put(Float32Array.of(4, 5))];
  expect(readdirSync(dirname(beside))).toEqual([]);
  for (let time = 0; time < 2; time++) {
    expect([...b.whole()]).toEqual([4, 5]);
    expect([...a.part(1, 3)]).toEqual([2, 3]);
  }
  expect([...inTurn([b, a])].flatMap((piece) => [...piece])).toEqual([4, 5, 1, 2, 3]);
});

it("fills room in any order, between other arrays", () => {
  spool = new Spool(beside);
  const room = spool.room(4);
  const after = spool.put(Float32Array.of(9));
  room.write(Float32Array.of(3, 4), 2);
  room.write(Float32Array.of(1, 2), 0);
  expect([...room.whole()]).toEqual([1, 2, 3, 4]);
  expect([...after.whole()]).toEqual([9]);
});

it("writes and reads nothing beyond an array", () => {
  spool = new Spool(beside);
  const room = spool.room(2);
  spool.put(Float32Array.of(9));
  expect(() => {
    room.write(Float32Array.of(1, 2), 1);
  }).toThrow("expected a part of 2 numbers, found 1 to 3");
  expect(() => {
    room.replace(Float32Array.of(1));
  }).toThrow("expected 2 numbers, found 1");
  expect(() => room.part(0, 3)).toThrow("found 0 to 3");
});
