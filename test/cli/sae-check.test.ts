/** `fathom sae check`: exit codes, the override in its output, and a gate that closes at sight. */
import { describe, expect, it } from "vitest";
import { fathom } from "./fathom.ts";

const common = "sae check --model organisms/demo --sae organisms/demo/sae --quiet --threads 1 --json".split(
  " ",
);

describe("fathom sae check", () => {
  it("opens for the organism's own SAE, with every measurement", () => {
    const { code, stdout } = fathom([...common, "--prompts", "fiction"]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as {
      passed: boolean;
      allowed_to_fail: boolean;
      splice: { recovered: number };
      quality: { varianceExplained: { withoutFirst: number } };
    };
    expect(result).toMatchObject({ passed: true, allowed_to_fail: false, mistake: null });
    expect(result.splice.recovered).toBeGreaterThan(0.9);
    expect(result.quality.varianceExplained.withoutFirst).toBeGreaterThan(0.8);
  });

  it("ends with 100 for another layer, and with 0 and a record of it when that is allowed", () => {
    const closed = fathom([...common, "--layer", "3"]);
    expect(closed.code).toBe(100);
    expect(JSON.parse(closed.stdout)).toMatchObject({ passed: false, allowed_to_fail: false, quality: null });
    const allowed = fathom([...common, "--layer", "3", "--allow-failed"]);
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({ passed: false, allowed_to_fail: true });
  });
});
