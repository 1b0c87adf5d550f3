/**
 * A model in several files, written by gguf-py's splitter.
 * Files that are missing, moved or of another model are refused.
 */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isLaterSplit, readGgufHeader } from "./split.ts";

const fixture = join(import.meta.dirname, "../../../../test/fixtures/gguf-families/llama-split");
const name = (number: number, count = 3): string => `model-0000${number}-of-0000${count}.gguf`;
let folder: string;
const file = (number: number): string => join(folder, name(number));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-split-"));
  for (const number of [1, 2, 3]) cpSync(join(fixture, name(number)), file(number));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Overwrites the value of a whole-number key of a part. */
function set(number: number, key: string, value: number): void {
  const bytes = readFileSync(file(number));
  bytes.writeUInt16LE(value, bytes.indexOf(key) + key.length + 4);
  writeFileSync(file(number), bytes);
}

test("the first file opens all of them, and each tensor is found in its file", () => {
  const { tensors } = readGgufHeader(file(1));
  expect(new Set(tensors.map((tensor) => tensor.file))).toEqual(new Set([file(1), file(2), file(3)]));
  expect(tensors.filter((tensor) => tensor.file === file(1)).length).toBe(12);
  expect([name(1), name(2), "model.gguf", "a-00002-of-00003.txt"].map(isLaterSplit)).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

test("names in capitals, as some packers write them", () => {
  const capitals = (number: number) => file(number).replace(name(number), name(number).toUpperCase());
  for (const number of [1, 2, 3]) renameSync(file(number), capitals(number));
  expect(new Set(readGgufHeader(capitals(1)).tensors.map((tensor) => tensor.file)).size).toBe(3);
  expect(isLaterSplit(capitals(2))).toBe(true);
  expect(() => readGgufHeader(capitals(2))).toThrow(/00001-OF-00003.GGUF/);
});

test("a file that is not the first is refused, and the message names the first", () => {
  expect(() => readGgufHeader(file(2))).toThrow(/expected the first file.*found file 2.*00001-of-00003.gguf/);
});

test("a file is missing, renamed, of another model, or lacks tensors", () => {
  rmSync(file(3));
  expect(() => readGgufHeader(file(1))).toThrow(/00003-of-00003.gguf: expected a GGUF file, found nothing/);
  cpSync(file(2), file(3));
  expect(() => readGgufHeader(file(1))).toThrow(/00003.*: expected file 3 of 3 of the split model/);
  set(3, "split.no", 2);
  expect(() => readGgufHeader(file(1))).toThrow(/00003.*expected every tensor in one of the files/);
  renameSync(file(1), join(folder, "first.gguf"));
  expect(() => readGgufHeader(join(folder, "first.gguf"))).toThrow(
    /a name that ends in -00001-of-00003.gguf/,
  );
});

test("a wrong total number of tensors is refused", () => {
  set(1, "split.tensors.count", 31);
  expect(() => readGgufHeader(file(1))).toThrow(
    /"split.tensors.count": expected 31 tensors in all, found 30/,
  );
});
