/**
 * Files of torch.save and plain pickles, compared with the values that were written (oracle/tensor_files.py), and
 * hostile pickles.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { badInput, FathomError } from "../../core/errors.ts";
import { readNpz } from "../tensors/npz.ts";
import { StoredTensor } from "../tensors/stored-tensor.ts";
import { OtherTensor } from "./other-tensor.ts";
import { readPickle } from "./pickle.ts";
import { maxPickleBytes } from "./pickle-bytes.ts";
import { PickleGlobal, type PickleSet, type PickleValue } from "./pickle-values.ts";
import { readTorch } from "./torch.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures/tensor-files/");
type Numbers = { shape: number[]; values: number[] };
const expected = JSON.parse(readFileSync(`${fixtures}expected.json`, "utf8")) as {
  tensors: Record<string, Numbers>;
  module: Record<string, Numbers>;
  arrays: Record<string, Numbers>;
};
const scratch = mkdtempSync(join(tmpdir(), "fathom-torch-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const orderedDict = new PickleGlobal(
  "collections",
  "OrderedDict",
  (args) => new Map((args[0] ?? []) as [string, PickleValue][]),
);

function holds(found: unknown, numbers: Numbers): void {
  expect(found).toBeInstanceOf(StoredTensor);
  const tensor = found as StoredTensor;
  expect(tensor.shape).toEqual(numbers.shape);
  expect([...tensor.read()]).toEqual(numbers.values.map(Math.fround));
}

/** A fixture that is cut or changed anywhere is either read or refused in one line. */
function endsInOneLine(name: string, read: (path: string) => unknown): void {
  const bytes = readFileSync(fixtures + name);
  const path = join(scratch, name);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
      const changed = Buffer.from(cut ? bytes.subarray(0, at) : bytes);
      if (!cut) changed[at] = value;
      writeFileSync(path, changed);
      try {
        read(path);
      } catch (error) {
        if (!(error instanceof FathomError)) throw error;
        expect(error.message).not.toContain("\n");
      }
    }),
    { numRuns: 400 },
  );
}

describe.each(["zip.pt", "legacy.pt"])("%s", (name) => {
  it("gives every tensor in its shape, whatever its strides, type and place", () => {
    const value = readTorch(fixtures + name);
    const saved = value as Map<string, PickleValue>;
    const state = saved.get("state") as Map<string, PickleValue>;
    expect([...state.keys()]).toEqual(Object.keys(expected.tensors));
    for (const [key, numbers] of Object.entries(expected.tensors)) holds(state.get(key), numbers);
    const module = saved.get("module") as Map<string, PickleValue>;
    for (const [key, numbers] of Object.entries(expected.module)) holds(module.get(key), numbers);
    expect(saved.get("steps")).toBe(12);
    expect(saved.get("rate")).toBe(0.5);
    expect(saved.get("name")).toBe("größe");
    expect(saved.get("ids")).toEqual(new OtherTensor("I64", [4]));
    expect((saved.get("ids") as OtherTensor).read("ids")).toEqual([0, 1, 2, 3]);
  });

  it("takes rows and columns of a matrix, stored either way", () => {
    const value = readTorch(fixtures + name);
    const state = (value as Map<string, PickleValue>).get("state") as Map<string, PickleValue>;
    const plain = state.get("plain") as StoredTensor;
    const transposed = state.get("transposed") as StoredTensor;
    const all = plain.read();
    const column = (c: number) => Array.from({ length: 5 }, (_, row) => all[row * 7 + c]!);
    expect([...plain.take(0, [4, 1])]).toEqual([...all.slice(28, 35), ...all.slice(7, 14)]);
    expect([...plain.take(1, [2, 3, 6])]).toEqual([...column(2), ...column(3), ...column(6)]);
    expect(transposed.take(0, [2, 3, 6])).toEqual(plain.take(1, [2, 3, 6]));
    expect(transposed.take(1, [4, 1])).toEqual(plain.take(0, [4, 1]));
    expect(() => plain.take(1, [7])).toThrow(RangeError);
  });

  it("is refused in one line wherever it is cut or changed, or read as it is", () => {
    endsInOneLine(name, readTorch);
  });
});

describe("npz", () => {
  it("gives every array, in either order", () => {
    const tensors = readNpz(`${fixtures}arrays.npz`);
    for (const [name, numbers] of Object.entries(expected.arrays)) holds(tensors.get(name), numbers);
    expect(tensors.size).toBe(Object.keys(expected.arrays).length);
    const fortran = tensors.get("fortran")!;
    expect([...fortran.take(1, [3])]).toEqual([3, 7, 11]);
  });

  it("refuses compression and whole numbers by name", () => {
    expect(() => readNpz(`${fixtures}compressed.npz`)).toThrow(/without compression/);
    expect(() => readNpz(`${fixtures}integers.npz`)).toThrow(/"ids".*<i8/);
  });

  it("is refused in one line wherever it is cut or changed, or read as it is", () => {
    endsInOneLine("arrays.npz", readNpz);
  });

  it("refuses a zip whose two tables disagree", () => {
    const bytes = readFileSync(`${fixtures}arrays.npz`);
    const changed = Buffer.from(bytes);
    // The first local header names another member.
    changed.write("tingle", 30, "latin1");
    const path = join(scratch, "two-names.npz");
    writeFileSync(path, changed);
    expect(() => readNpz(path)).toThrow(/local header/);
  });
});

describe("pickles", () => {
  const strict = {
    global: () => null,
    persistent: () => {
      throw badInput("test.pkl", "no persistent id", "one");
    },
  };
  const read = (program: Uint8Array) => readPickle(program, "test.pkl", strict).value;

  it("may hold a frozenset of more items than a call takes arguments", () => {
    const items = 300_000;
    const program = [0x80, 4, "(".charCodeAt(0), ...Buffer.alloc(items, "N"), 0x91, ".".charCodeAt(0)];
    expect((read(Uint8Array.from(program)) as PickleSet).items).toHaveLength(items);
  });

  it.each([0, 1, 2, 3, 4, 5])("protocol %i gives the values it holds", (protocol) => {
    const ordered = {
      global: (module: string, name: string) =>
        module === "collections" && name === "OrderedDict" ? orderedDict : null,
      persistent: strict.persistent,
    };
    const { value } = readPickle(readFileSync(`${fixtures}nested-${protocol}.pkl`), "nested", ordered);
    const map = value as Map<string, PickleValue>;
    expect(map.get("a")).toEqual([1, -2, 2 ** 40, 0.25, true, null]);
    expect(map.get("b")).toEqual(["text", "ünï\n'\""]);
    expect(map.get("c")).toEqual(
      new Map<unknown, unknown>([
        ["x", new Map()],
        [3, [[]]],
        [false, []],
      ]),
    );
    const [first, second] = map.get("d") as PickleValue[];
    expect(first).toEqual(["again"]);
    expect(second).toBe(first);
  });

  const code = (text: string) => Buffer.from(text, "latin1");
  const unicode = (text: string) => `X${String.fromCharCode(text.length)}\0\0\0${text}`;
  const hostile: Record<string, [program: string, says: RegExp]> = {
    "REDUCE of a global": ["\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.", /"os\.system"/],
    "REDUCE of a builtin": ["c__builtin__\neval\n(S'1'\ntR.", /"__builtin__\.eval"/],
    "REDUCE of a text": ["\x80\x02X\x01\0\0\0a)R.", /calls that make tensors/],
    "REDUCE with no tuple": ["\x80\x02X\x01\0\0\0aK\x01R.", /calls that make tensors/],
    INST: ["(S'true'\nios\nsystem\n.", /INST/],
    OBJ: ["(cos\nsystem\nS'true'\no.", /"os\.system"/],
    "OBJ of a text": ["(S'os'\nS'true'\no.", /OBJ/],
    NEWOBJ: [`\x80\x02${unicode("a")})\x81.`, /NEWOBJ/],
    NEWOBJ_EX: [`\x80\x04${unicode("a")})}\x92.`, /NEWOBJ_EX/],
    STACK_GLOBAL: ["\x80\x04\x8c\x02os\x8c\x06system\x93.", /"os\.system"/],
    "STACK_GLOBAL of numbers": ["\x80\x04K\x01K\x02\x93.", /names/],
    "a global with dots": [
      "\x80\x04\x8c\x08builtins\x8c\x0deval.__call__\x93.",
      /"builtins\.eval\.__call__"/,
    ],
    "a global of ours, with another module": ["\x80\x02ccollections.abc\nOrderedDict\n.", /collections\.abc/],
    "a prototype's name": ["\x80\x02cconstructor\n__proto__\n.", /"constructor\.__proto__"/],
    EXT1: ["\x80\x02\x82\x01.", /EXT1/],
    EXT2: ["\x80\x02\x83\x01\0.", /EXT2/],
    EXT4: ["\x80\x02\x84\x01\0\0\0.", /EXT4/],
    "BUILD on a list": ["\x80\x02]}b.", /BUILD/],
    "BUILD with a state that is no dictionary": ["\x80\x02}]b.", /BUILD/],
    NEXT_BUFFER: ["\x80\x05\x97.", /NEXT_BUFFER/],
    READONLY_BUFFER: ["\x80\x05\x98.", /READONLY_BUFFER/],
    "a protocol to come": ["\x80\x06N.", /protocol 0 to 5/],
    "an opcode that is none": ["\x80\x02\xff.", /opcode 0xff/],
    "a memo that was never filled": ["\x80\x02h\x05.", /remembered/],
    "a number of a thousand bytes": ["\x80\x02\x8b\xe8\x03\0\0.", /cut short|16 bytes/],
    "a text of 4 GB": ["\x80\x02X\xff\xff\xff\xff.", /cut short/],
    "bytes of 2^63": ["\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", /cut short/],
    "a number as its digits": [`I${"9".repeat(400)}\n.`, /2\^53/],
    "an unhashable key": ["\x80\x02}]N\x73.", /keys/],
    "a key without a value": ["\x80\x02}(Nu.", /keys with values/],
    "a mark that is none": ["\x80\x02Nt.", /mark/],
    "an empty stack": ["\x80\x02.", /stack/],
    "a mark as its value": ["\x80\x02(.", /stack/],
    "a text that is no UTF-8": ["\x80\x02X\x02\0\0\0\xc3\x28.", /UTF-8/],
    "no end": ["\x80\x02N", /cut short/],
    nothing: ["", /cut short/],
  };
  it.each(Object.entries(hostile))("refuses %s", (_, [program, says]) => {
    let message = "";
    try {
      read(code(program));
    } catch (error) {
      expect(error).toBeInstanceOf(FathomError);
      message = (error as FathomError).message;
    }
    expect(message).toMatch(says);
    expect(message).not.toContain("\n");
  });

  it("refuses a text persistent id, a storage that is no storage, and a view", () => {
    for (const id of [
      "P0\n",
      "K\x01Q",
      "(X\x07\0\0\0storageX\x01\0\0\0aX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ",
    ]) {
      const path = join(scratch, "persistent.pt");
      writeFileSync(path, legacy(`\x80\x02${id}.`));
      expect(() => readTorch(path)).toThrow(FathomError);
    }
  });

  it("shares values that the pickle shares: a list doubled a hundred times takes no memory", () => {
    // l = []; a hundred times l = [l, l]
    const program = `\x80\x02]${"q\x00]q\x01(h\x00h\x00e".repeat(100)}.`;
    const before = process.memoryUsage().heapUsed;
    expect(Array.isArray(read(code(program)))).toBe(true);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
  });

  it("reads a list that holds itself, and ends", () => {
    const value = read(code("\x80\x02]q\x00h\x00a.")) as PickleValue[];
    expect(value[0]).toBe(value);
  });

  it("refuses a program longer than that of any state dict before it fills the memory", () => {
    const program = Buffer.alloc(maxPickleBytes + 2, "}");
    expect(() => read(program)).toThrow(/at most/);
  });

  it("ends for any bytes, with a value or an error of one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof FathomError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** A file in the layout before PyTorch 1.6, with this program as its value. */
function legacy(program: string): Buffer {
  const magic = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
  const machine = "\x80\x02}X\x0d\0\0\0little_endian\x88s.";
  return Buffer.from(`${magic}\x80\x02M\xe9\x03.${machine}${program}\x80\x02].`, "latin1");
}
