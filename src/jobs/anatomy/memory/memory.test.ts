import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { Json } from "../../../core/hash.ts";
import { JournalMemory } from "./memory.ts";
import { packed, unpacked } from "./packed.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-memory-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

it("numbers come back to the bit, NaN and infinities of arrays too", () => {
  // JSON has one zero.
  const text = (value: unknown) => JSON.stringify(value, (_, v: unknown) => (Object.is(v, -0) ? "-0" : v));
  const json = fc.jsonValue().filter((value) => !text(value).includes("-0"));
  fc.assert(
    fc.property(fc.float32Array(), fc.float64Array(), json, (a, b, plain) => {
      const there = { a, deep: [{ b }, Int32Array.of(1, -2)], plain };
      expect(unpacked(JSON.parse(JSON.stringify(packed(there))) as Json)).toEqual(there);
    }),
    { seed: 3 },
  );
  expect(() => packed({ value: Number.NaN })).toThrow(RangeError);
});

it("measures once, also over a kill that cuts the last line", async () => {
  const path = join(scratch, "measurements.jsonl");
  let measured = 0;
  const ask = async (memory: JournalMemory, n: number) =>
    await memory.recall("squares", { n }, () => {
      measured++;
      return Promise.resolve({ square: n * n, row: Float32Array.of(n / 3) });
    });
  const first = new JournalMemory(path);
  for (const n of [1, 2, 3, 2]) await ask(first, n);
  await first.close();
  expect(measured).toBe(3);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 5));
  const second = new JournalMemory(path);
  expect(await ask(second, 2)).toEqual({ square: 4, row: Float32Array.of(2 / 3) });
  expect(measured).toBe(3);
  await ask(second, 3);
  expect(measured).toBe(4);
  await second.close();
  expect(readFileSync(path)).toEqual(whole);
});

it("refuses a measurement that is there twice, and a record of another file", () => {
  const path = join(scratch, "twice.jsonl");
  const line = '{"key":"a","what":"w","value":1}\n';
  writeFileSync(path, line + line);
  expect(() => new JournalMemory(path)).toThrow(/each measurement once/);
  writeFileSync(path, '{"key":"a"}\n');
  expect(() => new JournalMemory(path)).toThrow(/twice\.jsonl:1: expected a measurement/);
});
