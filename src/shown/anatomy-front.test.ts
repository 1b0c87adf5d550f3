import { expect, it } from "vitest";
import { onFront } from "./anatomy-front.ts";

const set = (size: number, refusing: number | null, kl: number) => {
  const about = (estimate: number | null) => ({ estimate, interval: null, n: 8 });
  return {
    ...{ size, kind: "ranking" as const, refusing: about(refusing), kl: about(kl) },
    ...{ score: about(0), cross_entropy: about(0) },
  };
};

it("keeps what nothing beats in size, refusals and cost at once", () => {
  expect(onFront([set(1, 1, 0.1), set(2, 0.5, 0.2), set(3, 0.5, 0.2), set(4, 0.1, 0.05)])).toEqual([
    ...[true, true, false, true],
  ]);
});

it("keeps both of two equal sets, and none without an estimate", () => {
  expect(onFront([set(1, 0.5, 0.1), set(1, 0.5, 0.1), set(1, null, 0)])).toEqual([true, true, false]);
});
