/** Whether a row of 4-bit products is the same alone and in a batch. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { relativeError } from "./graph.ts";

/**
 * With AVX-512 VNNI the kernel of 4 bits gives a row the same bits in any batch. On other processors it adds in another order for a row
 * alone, and a row is near itself only (docs/engine.md#precision).
 */
const keepsRows =
  process.platform === "linux" && /\bavx512_vnni\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

export function expectSameRow(alone: readonly number[], inBatch: readonly number[]): void {
  if (keepsRows) expect(alone).toEqual(inBatch);
  else expect(relativeError(alone, inBatch)).toBeLessThan(1e-4);
}
