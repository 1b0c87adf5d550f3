/** Whether a row of 4-bit products is the same alone and in a batch. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { relativeError } from "./graph.ts";

/**
 * With AVX-512 VNNI the kernel of 4 bits gives a row the same bits in any batch. On other processors it adds in another order for a row
 * alone, and a row is near itself only (docs/engine.md#precision): one product differs in its last bits. In the next one a last bit may
 * give an input another 8-bit code, so a whole model may differ by a step of such a code.
 */
const keepsRows =
  process.platform === "linux" && /\bavx512_vnni\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

const near = { product: 1e-4, model: 1e-3 } as const;

export function expectSameRow(
  alone: readonly number[],
  inBatch: readonly number[],
  of: keyof typeof near,
): void {
  if (keepsRows) expect(alone).toEqual(inBatch);
  else expect(relativeError(alone, inBatch)).toBeLessThan(near[of]);
}
