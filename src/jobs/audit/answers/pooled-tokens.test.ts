/** Which tokens of an answer are pooled, and how the rest is counted. */
import { expect, it } from "vitest";
import { rowsOf } from "../../../sae/code/rows.ts";
import { leftOutWords, pooledTokens } from "./pooled-tokens.ts";

/** Norms 1, 5, 100, 2, 10, 300; the last is of a special token. */
const rows = rowsOf(Float32Array.of(1, 0, 3, 4, 100, 0, 0, 2, 6, 8, 0, 300), 2);
const ids = [11, 12, 13, 14, 15, 2];
const special = new Set([2]);

it("leaves out special tokens and those above the norm, each counted once, and keeps the order", () => {
  const { rows: kept, leftOut } = pooledTokens(rows, ids, special, 10);
  expect([...kept.read(0, kept.count)]).toEqual([1, 0, 3, 4, 0, 2, 6, 8]);
  expect(leftOut).toEqual({ special: 1, massive: 1, answers: 0 });
});

it("counts an answer that loses all its tokens, but not one that was empty", () => {
  const gone = pooledTokens(rows, ids, special, 0.5);
  expect(gone.rows.count).toBe(0);
  expect(gone.leftOut).toEqual({ special: 1, massive: 5, answers: 1 });
  expect(pooledTokens(rowsOf(new Float32Array(0), 2), [], special, 10).leftOut.answers).toBe(0);
});

it("returns the same rows if nothing is left out, and then gives no note", () => {
  const all = pooledTokens(rows, ids, new Set(), 300);
  expect(all.rows).toBe(rows);
  expect(leftOutWords(all.leftOut, 300)).toBeNull();
  expect(leftOutWords({ special: 3, massive: 2, answers: 0 }, 1715.6)).toBe(
    "features pooled without 2 massive tokens of the answers (norm above 1720, 10 times the median)",
  );
});
