import { join } from "node:path";
import { expect, it } from "vitest";
import { heldBytes } from "../../../model/architecture/weight-shapes.ts";
import { openCheckpoint } from "../../../model/checkpoint/checkpoint.ts";
import { requireMemory } from "./memory-need.ts";

it("weights and SAEs that do not fit in memory are refused in one line, as a failure of the machine", async () => {
  const { config, weights } = await openCheckpoint(join(import.meta.dirname, "../../../../organisms/demo"));
  weights.close();
  const { all } = heldBytes(config, "fp32");
  const sae = { d_in: 160, d_sae: 1000 };
  const features = 2 * 4 * 4 * 160 * 1000;
  const need = (available: number) => () => {
    requireMemory(config, "fp32", [sae, sae], available);
  };
  expect(need(all + features)).not.toThrow();
  expect(need(all + features - 1)).toThrow(
    expect.objectContaining({
      name: "FathomError",
      exit: 1,
      message: expect.stringMatching(
        /^fathom anatomy: expected .* GB of free memory: .* found .* GB\. Try: [^\n]*$/,
      ) as string,
    }),
  );
});
