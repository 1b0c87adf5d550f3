import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FathomError } from "../core/errors.ts";
import { loadMatchedPairs } from "./matched-pairs.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-pairs-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Row = Record<string, unknown>;
function file(name: string, rows: readonly Row[]): string {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}
const side = (name: string, n: number, more: (i: number) => Row = () => ({})) =>
  Array.from({ length: n }, (_, i) => ({ id: `${name}-${i}`, prompt: `${name} ${i}?`, ...more(i) }));
const load = (bad: readonly Row[], good: readonly Row[], seed = 0) =>
  loadMatchedPairs(file("H", bad), file("N", good), seed);
const parts = (i: number) => ({ split: ["fit", "validate", "test"][i % 3] });

describe("what loads", () => {
  test("two files of plain lines: matched line by line, split by the seed, the side is the tier", async () => {
    const { pairs, splitBy } = await load(side("h", 14), side("n", 14));
    expect(splitBy).toBe("seed");
    expect(pairs.map(({ harmful, harmless }) => [harmful.id, harmless.id])).toEqual(
      Array.from({ length: 14 }, (_, i) => [`h-${i}`, `n-${i}`]),
    );
    expect(pairs[0]).toMatchObject({
      name: "pair 1",
      harmful: { tier: "hazard_adjacent" },
      harmless: { tier: "benign" },
    });
    for (const [part, n] of [
      ["fit", 8],
      ["validate", 2],
      ["test", 4],
    ] as const)
      expect(pairs.filter(({ split }) => split === part)).toHaveLength(n);
  });

  test("pairs in another order are matched by name, and the user's parts are kept", async () => {
    const named = (i: number) => ({ ...parts(i), pair: `p${i}` });
    const { pairs, splitBy } = await load(side("h", 6, named), side("n", 6, named).reverse());
    expect(splitBy).toBe("prompts");
    for (const [i, { name, split, harmful, harmless }] of pairs.entries())
      expect([name, split, harmful.id, harmless.id]).toEqual([`p${i}`, parts(i).split, `h-${i}`, `n-${i}`]);
  });

  test("the same ids in both files, and pair names on one side only", async () => {
    const { pairs } = await load(
      side("x", 7, (i) => ({ prompt: `bad ${i}`, pair: `p${i}` })),
      side("x", 7),
    );
    expect(pairs.map(({ harmful, harmless }) => harmful.id === harmless.id)).toEqual(Array(7).fill(true));
  });

  test.each([
    ["fiction", 48],
    ["biology", 108],
    ["requests", 224],
    ["fiction-requests", 90],
  ])("the bundled set %s on both sides: its %i matched pairs", async (set, n) => {
    const { pairs } = await loadMatchedPairs(set, set, 0);
    expect(pairs).toHaveLength(n);
    for (const { harmful, harmless } of pairs) {
      expect([harmful.tier, harmless.tier]).toEqual(["hazard_adjacent", "benign"]);
      expect(harmful.pair).toBe(harmless.pair);
    }
  });

  test("one file on both sides is divided by tier, and other tiers and panels are left out", async () => {
    const tiers = ["hazard_adjacent", "benign", "dual_use"] as const;
    const rows = Array.from({ length: 7 }, (_, i) =>
      tiers.map((tier) => ({ id: `${tier}-${i}`, prompt: `${tier} ${i}?`, tier, pair: `p${i}` })),
    ).flat();
    const other = { id: "x", prompt: "x?", tier: "benign", panel: "control" };
    const path = file("both", [...rows, other]);
    const { pairs } = await loadMatchedPairs(path, path, 0);
    expect(pairs.map(({ harmful, harmless }) => [harmful.id, harmless.id])).toEqual(
      Array.from({ length: 7 }, (_, i) => [`hazard_adjacent-${i}`, `benign-${i}`]),
    );
    const half = file(
      "half",
      rows.filter(({ tier }) => tier !== "benign"),
    );
    await expect(loadMatchedPairs(half, half, 0)).rejects.toThrow(
      /^--harmless .*half\.jsonl: expected prompts of tier benign, found none\. Try: two files/,
    );
  });
});

describe("what does not load: one line that says what to do", () => {
  test.each([
    ["an empty side", side("h", 7), [], /N\.jsonl: expected at least one prompt, found no line/],
    [
      "sides of different lengths",
      side("h", 8),
      side("n", 7),
      /--harmless .*: expected 8 prompts.*found 7\. Try/,
    ],
    [
      "an id twice",
      side("h", 7, () => ({ id: "h" })),
      side("n", 7),
      /H\.jsonl:2: id: expected an id that no other/,
    ],
    ["the same text on both sides", side("h", 7), side("h", 7), /"h-0".*found the same text on both sides/],
    ["too few to split", side("h", 6), side("n", 6), /expected 7 pairs at least, to split them, found 6/],
    [
      "a part on some lines",
      side("h", 6, parts),
      side("n", 6, (i) => (i === 4 ? {} : parts(i))),
      /"n-4": split: .*found none, but other/,
    ],
    ["a part on one side", side("h", 6, parts), side("n", 6), /"n-0": split: /],
    [
      "a pair in two parts",
      side("h", 6, parts),
      side("n", 6, (i) => parts(i + 1)),
      /"pair 1": split: .*found fit and validate/,
    ],
    [
      "an unknown part",
      side("h", 6, parts),
      side("n", 6, () => ({ split: "train" })),
      /N\.jsonl:1: split: expected fit, validate or test, found "train"/,
    ],
    [
      "nothing to test on",
      side("h", 4, (i) => parts(i % 2)),
      side("n", 4, (i) => parts(i % 2)),
      /found none in test/,
    ],
    [
      "a pair without a twin",
      side("h", 7, (i) => ({ pair: `p${i}` })),
      side("n", 7, (i) => ({ pair: `p${i + 1}` })),
      /a prompt of the pair "p0".*found none/,
    ],
    [
      "a pair on some lines",
      side("h", 7, (i) => (i === 3 ? {} : { pair: `p${i}` })),
      side("n", 7, (i) => ({ pair: `p${i}` })),
      /"h-3": pair: .*found none/,
    ],
    [
      "a pair twice on a side",
      side("h", 7, () => ({ pair: "p" })),
      side("n", 7, (i) => ({ pair: `p${i}` })),
      /"h-1": pair: .*for a second time/,
    ],
  ] as const)("%s", async (_name, bad, good, message) => {
    const error: unknown = await load(bad, good).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FathomError);
    const { message: said, exit } = error as FathomError;
    expect(said).toMatch(message);
    expect(said).not.toContain("\n");
    expect(exit).toBe(2);
  });
});
