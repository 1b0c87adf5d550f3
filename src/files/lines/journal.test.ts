import { createHook } from "node:async_hooks";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { FathomError } from "../../core/errors.ts";
import { hashFile, hashFileCached } from "../disk/hash-file.ts";
import { writeProblem, writeTextAtomically } from "../disk/io.ts";
import { hasRecords, openJournal, readJournal } from "./journal.ts";
import { readJsonLines } from "./json-lines.ts";
import { sealed } from "./sealed-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-files-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const record = z.object({ n: z.number() });
const strict = z.strictObject({ n: z.number(), text: z.string() });
const parse = (value: unknown) => record.parse(value);
const open = (path: string) => openJournal(path, parse);

describe("a journal", () => {
  test("keeps what was appended, across openings", async () => {
    const path = join(scratch, "deep/run/observations.jsonl");
    const first = open(path);
    first.append({ n: 1 });
    first.append({ n: 2, text: "two\nlines\u2028" });
    // It is read before it is closed: a killed process would leave the same.
    expect(readJournal(path, parse)).toEqual([{ n: 1 }, { n: 2 }]);
    await first.close();
    const second = open(path);
    expect(second.records).toEqual([{ n: 1 }, { n: 2 }]);
    expect(second.repaired).toBe(false);
    second.append({ n: 3 });
    await second.close();
    expect(readJournal(path, parse).length).toBe(3);
  });

  test("a kill at any byte loses at most the record being written", async () => {
    const path = join(scratch, "killed.jsonl");
    const whole = [1, 2, 3].map((n) => sealed({ n, text: "é👍" })).join("");
    const bytes = Buffer.from(whole);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (length) => {
        writeFileSync(path, bytes.subarray(0, length));
        const finished = bytes.subarray(0, length).filter((byte) => byte === 10).length;
        expect(hasRecords(path)).toBe(finished > 0);
        const journal = open(path);
        expect(journal.records.map(({ n }) => n)).toEqual([1, 2, 3].slice(0, finished));
        journal.append({ n: 9 });
        await journal.close();
        expect(readJsonLines(path).map(({ value }) => record.parse(value).n)).toEqual([
          ...[1, 2, 3].slice(0, finished),
          9,
        ]);
      }),
      { seed: 5 },
    );
  });

  test("reading does not change it, and a cut last line counts as damage", () => {
    const path = join(scratch, "read.jsonl");
    const cut = sealed({ n: 1 }) + sealed({ n: 2 }).slice(0, 20);
    writeFileSync(path, cut);
    expect(() => readJournal(path, parse)).toThrow(/read\.jsonl:2: expected a whole line/);
    expect(readFileSync(path, "utf8")).toBe(cut);
    expect(hasRecords(join(scratch, "no-journal.jsonl"))).toBe(false);
  });

  test("damage that no kill makes is an error with its line", () => {
    const path = join(scratch, "damaged.jsonl");
    writeFileSync(path, '{"n":1}\n{"n":\n{"n":3}\n');
    expect(() => open(path)).toThrow(/damaged\.jsonl:2: expected one JSON value on the line/);
    writeFileSync(path, '{"n":1}\n{"m":1}\n');
    expect(() => open(path)).toThrow();
    // Nothing was repaired away.
    expect(readFileSync(path, "utf8")).toBe('{"n":1}\n{"m":1}\n');
  });

  test("any later change in a line is noticed; lines of a version without checksums are read", () => {
    const path = join(scratch, "changed.jsonl");
    const line = sealed({ n: 1, text: "it’s so" }).trimEnd();
    const bytes = Buffer.from(line);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= by;
        fc.pre(changed[at] !== 10);
        writeFileSync(path, Buffer.concat([changed, Buffer.from("\n")]));
        expect(() => readJournal(path, (value) => strict.parse(value))).toThrow();
      }),
      { seed: 7, numRuns: 400 },
    );
    writeFileSync(path, `${line}\n{"n":2,"text":"older"}\n`);
    expect(readJournal(path, (value) => strict.parse(value)).map(({ n }) => n)).toEqual([1, 2]);
    writeFileSync(path, `${line.replace("so", "no")}\n`);
    expect(() => readJournal(path, parse)).toThrow(
      /changed\.jsonl:1: expected the text that its checksum is of/,
    );
  });

  test("files that belong to a record are synced with it, and a failure is reported", async () => {
    const path = join(scratch, "beside.jsonl");
    const journal = open(path);
    writeFileSync(join(scratch, "beside"), "x");
    journal.append({ n: 1 }, [join(scratch, "beside")]);
    await journal.close();
    const again = open(path);
    again.append({ n: 2 }, [join(scratch, "not-there")]);
    await expect(again.close()).rejects.toThrow(FathomError);
  });

  test("a failed sync is reported by the next append", async () => {
    const journal = open(join(scratch, "told.jsonl"));
    journal.append({ n: 1 }, [join(scratch, "not-there")]);
    await vi.waitFor(() => {
      expect(() => {
        journal.append({ n: 2 });
      }).toThrow(FathomError);
    });
    await journal.close();
  });

  test("many short records do not wait for the disk one by one", async () => {
    let syncs = 0;
    const watch = createHook({
      init(_id, type) {
        if (type === "FSREQCALLBACK") syncs++;
      },
    }).enable();
    const journal = open(join(scratch, "many.jsonl"));
    for (let n = 0; n < 500; n++) {
      journal.append({ n });
      if (n % 50 === 49) await nextTurn();
    }
    await journal.close();
    watch.disable();
    expect(syncs).toBeGreaterThan(0);
    expect(syncs).toBeLessThan(20);
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk is exit 1 and says so", async () => {
    const path = join(scratch, "full.jsonl");
    symlinkSync("/dev/full", path);
    const journal = open(path);
    expect(() => {
      journal.append({ n: 1 });
    }).toThrow(
      expect.objectContaining({ exit: 1, message: expect.stringContaining("room on the disk") as string }),
    );
    await journal.close();
  });

  test("a place that cannot be written is exit 2", () => {
    const file = join(scratch, "a-file");
    writeFileSync(file, "");
    expect(() => open(join(file, "run.jsonl"))).toThrow(expect.objectContaining({ exit: 2 }));
    expect(() => {
      writeTextAtomically(join(file, "report.html"), "x");
    }).toThrow(/expected a place that can be written/);
    expect(() => {
      writeTextAtomically(scratch, "x");
    }).toThrow(FathomError);
    expect(existsSync(`${scratch}.partial-${process.pid}`)).toBe(false);
  });
});

test("system errors become one line, full disks exit 1", () => {
  const problem = (code: string) => writeProblem("out", Object.assign(new Error("raw"), { code }));
  expect(problem("ENOSPC")).toMatchObject({ exit: 1, message: expect.stringContaining("ENOSPC") as string });
  expect(problem("EROFS")).toMatchObject({ exit: 2 });
  expect(problem("EIO")).toMatchObject({ exit: 1 });
});

describe("JSON Lines that people wrote", () => {
  const path = join(scratch, "lines.jsonl");

  test("blank lines, a byte order mark and CRLF are fine; lines are counted as an editor does", () => {
    writeFileSync(path, '\ufeff{"a":1}\r\n\r\n[2]');
    expect(readJsonLines(path)).toEqual([
      { line: 1, where: `${path}:1`, value: { a: 1 } },
      { line: 3, where: `${path}:3`, value: [2] },
    ]);
  });

  test("a bad line is named", () => {
    writeFileSync(path, '{"a":1}\n\n{"a":\n');
    expect(() => readJsonLines(path)).toThrow(/lines\.jsonl:3: expected one JSON value/);
    writeFileSync(path, '{"a":1}\n');
    appendFileSync(path, Buffer.from([34, 0xff, 34, 10]));
    expect(() => readJsonLines(path)).toThrow(/lines\.jsonl:2: expected UTF-8 text/);
    expect(() => readJsonLines(join(scratch, "none.jsonl"))).toThrow(/found nothing at this path/);
  });

  test("lines longer than a read are whole", () => {
    const long = "é".repeat(1_500_000);
    writeFileSync(path, `${JSON.stringify(long)}\n1\n`);
    expect(readJsonLines(path).map(({ value }) => value)).toEqual([long, 1]);
  });
});

test("files are hashed, and remembered until they change", () => {
  const [path, cache] = [join(scratch, "hashed"), join(scratch, "cache")];
  const of = (text: string) => {
    writeFileSync(path, text);
    return hashFileCached(path, cache);
  };
  expect(of("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(hashFileCached(path, cache)).toBe(hashFile(path));
  expect(of("abcd")).toBe(hashFile(path));
  // A cache that cannot be used costs only time.
  expect(hashFileCached(path, join(path, "not-a-folder"))).toBe(hashFile(path));
});
