import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { decodeBfloat16, encodeBfloat16, float16Table } from "./floats.ts";
import { openSafetensors } from "./safetensors.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-safetensors-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** Writes a file with any header, valid or not, and this many bytes of data. */
function craft(header: unknown, dataBytes: number, headerLength?: bigint): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(json.length));
  const path = join(scratch, "crafted.safetensors");
  writeFileSync(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return path;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

describe("an invalid header is refused in one line", () => {
  test.each<[string, unknown, number, RegExp]>([
    ["cut short", { a: f32(0, 16) }, 12, /expected \d+ bytes, found \d+\. Try: fetch the file again/],
    ["longer than its header says", { a: f32(0, 16) }, 20, /found 4 more than the header accounts for/],
    ["overlapping", { a: f32(0, 16), b: f32(8, 24) }, 24, /"b": .*an overlap, beginning at 8/],
    ["a hole", { a: f32(0, 8), b: f32(16, 24) }, 24, /"b": .*a hole before 16/],
    ["out of range", { a: f32(0, 4_000_000_000_000) }, 8, /cut short/],
    ["a shape of another size", { a: f32(0, 16, [5]) }, 16, /"a": expected 20 bytes for F32 \[5\], found 16/],
    [
      "an unknown dtype",
      { a: { ...f32(0, 16), dtype: "Q4" } },
      16,
      /"a": expected a dtype among .*found "Q4"/,
    ],
    ["a dtype of Object.prototype", { a: { ...f32(0, 16), dtype: "toString" } }, 16, /found "toString"/],
    ["a negative size", { a: f32(0, 16, [-4]) }, 16, /a shape of whole numbers, found \[-4\]/],
    ["sizes beyond whole numbers", { a: f32(0, 16, [1e300]) }, 16, /a shape of whole numbers/],
    [
      "offsets turned around",
      { a: { ...f32(0, 16), data_offsets: [16, 0] } },
      16,
      /data_offsets \[begin, end\]/,
    ],
    ["no offsets", { a: { dtype: "F32", shape: [4] } }, 16, /data_offsets \[begin, end\], found none/],
    ["an entry that is null", { a: null }, 0, /"a": expected a dtype/],
    [
      "a name twice",
      `{"a":${JSON.stringify(f32(0, 8))},"\\u0061":${JSON.stringify(f32(0, 8))}}`,
      8,
      /"a" twice/,
    ],
    ["metadata that is not text", { __metadata__: { n: 1 } }, 0, /__metadata__ of texts/],
    ["an array", [], 0, /a JSON object, found an array/],
    ["no JSON", "{nope", 0, /a safetensors header of JSON/],
  ])("%s", (_, header, dataBytes, message) => {
    const path = craft(header, dataBytes);
    expect(() => openSafetensors(path)).toThrow(message);
    expect(() => openSafetensors(path)).toThrow(expect.objectContaining({ name: "FathomError", exit: 2 }));
  });

  test("absurd header lengths, an empty file, no file", () => {
    expect(() => openSafetensors(craft("{}", 0, 2n ** 63n))).toThrow(/a header of at most 25000000 bytes/);
    expect(() => openSafetensors(craft("{}", 0, 99n))).toThrow(
      /a header of 99 bytes, found a file of 10 bytes/,
    );
    const empty = join(scratch, "empty.safetensors");
    writeFileSync(empty, "");
    expect(() => openSafetensors(empty)).toThrow(/a safetensors file, found 0 bytes/);
    expect(() => openSafetensors(join(scratch, "none"))).toThrow(/found nothing at this path/);
    expect(() => openSafetensors(scratch)).toThrow(/found a directory/);
  });

  test("any bytes give one FathomError or an open file", () => {
    const path = join(scratch, "any.safetensors");
    fc.assert(
      fc.property(fc.json(), fc.uint8Array({ maxLength: 40 }), (json, rest) => {
        const header = Buffer.from(json);
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(header.length));
        writeFileSync(path, Buffer.concat([length, header, rest]));
        try {
          openSafetensors(path).close();
        } catch (error) {
          expect(error).toMatchObject({ name: "FathomError" });
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe("written and read again", () => {
  const path = join(scratch, "made/here.safetensors");
  const values = Float32Array.from([1, -2.5, 3e-8, 4, 5, -6]);

  test("every type, in pieces, with rows and metadata", () => {
    writeSafetensors(
      path,
      [
        { name: "half", dtype: "BF16", shape: [3], values: Float32Array.from([1, -2, 0.5]) },
        {
          name: "whole",
          dtype: "F32",
          shape: [3, 2],
          values: () => [values.subarray(0, 2), values.subarray(2)],
        },
        { name: "ids", dtype: "I32", shape: [2], values: Int32Array.from([7, -1]) },
        { name: "none", dtype: "F32", shape: [0, 4], values: new Float32Array(0) },
      ],
      { kind: "test" },
    );
    const file = openSafetensors(path);
    expect(file.metadata).toEqual({ kind: "test" });
    expect([...file.entries.keys()].sort()).toEqual(["half", "ids", "none", "whole"]);
    expect(file.readFloat32("whole")).toEqual(values);
    expect(file.readFloat32("whole", [1, 3])).toEqual(values.slice(2));
    expect(file.readFloat32("half")).toEqual(Float32Array.from([1, -2, 0.5]));
    expect(new Int32Array(file.readBytes("ids").buffer)).toEqual(Int32Array.from([7, -1]));
    expect(file.readFloat32("none")).toEqual(new Float32Array(0));
    expect(file.entry("whole").offset % 8).toBe(0);
    expect(() => file.readFloat32("ids")).toThrow(/"ids": expected F32, F16, BF16 or F64, found I32/);
    expect(() => file.entry("other")).toThrow(/expected a tensor "other"/);
    expect(() => file.readFloat32("whole", [2, 4])).toThrow(RangeError);
    file.close();
  });

  test("a failed write leaves the earlier file, and no other", () => {
    const before = readFileSync(path);
    const tooFew = { name: "a", dtype: "F32", shape: [4], values: new Float32Array(3) } as const;
    expect(() => {
      writeSafetensors(path, [tooFew]);
    }).toThrow(/3 values for the shape \[4\]/);
    const broken = {
      ...tooFew,
      values: (): Float32Array[] => {
        throw new Error("no values");
      },
    };
    expect(() => {
      writeSafetensors(path, [broken]);
    }).toThrow("no values");
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(scratch, "made"))).toEqual(["here.safetensors"]);
  });
});

describe("16-bit floats", () => {
  test("float16 as the standard says", () => {
    const table = float16Table();
    const known: [bits: number, value: number][] = [
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0xc500, -5],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0x8000, -0],
    ];
    for (const [bits, value] of known) expect(table[bits]).toBe(value);
    expect(table[0x7e00]).toBeNaN();
  });

  test("bfloat16 rounds to the nearest, ties to even", () => {
    const values = Float32Array.from([
      1,
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      1 + 2 ** -8 + 2 ** -20,
      -3.5,
      Infinity,
      NaN,
    ]);
    const back = new Float32Array(values.length);
    decodeBfloat16(encodeBfloat16(values), back);
    expect([...back]).toEqual([1, 1, 1 + 2 ** -6, 1 + 2 ** -7, -3.5, Infinity, NaN]);
  });
});
