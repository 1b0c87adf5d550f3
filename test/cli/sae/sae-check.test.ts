/** `fathom sae check`: exit codes, the override in its output, and a gate that closes before anything is measured. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { demoSeed } from "../../../src/organisms/design/design.ts";
import { makeCorpus } from "../../../src/organisms/world/corpus.ts";
import { makeWorld } from "../../../src/organisms/world/world.ts";
import { massiveOrganism, organism } from "../../support/massive-organism.ts";
import { fathom, lines, scratch } from "../fathom.ts";

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

  it.each([0, 4])("opens for the organism's SAE of block %i", (layer) => {
    const sae = ["--model", organism, "--sae", join(organism, `saes/layer-${layer}`)];
    const { code, stdout } = fathom(["sae", "check", ...sae, "--quiet", "--json", "--prompts", "fiction"]);
    expect(code).toBe(0);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.filter(({ status }) => status !== "pass")).toEqual([]);
  });

  it("ends with 100 for another layer, and with 0 and a record of it when that is allowed", () => {
    const closed = fathom([...common, "--layer", "3"]);
    expect(closed.code).toBe(100);
    expect(JSON.parse(closed.stdout)).toMatchObject({ passed: false, allowed_to_fail: false, quality: null });
    const allowed = fathom([...common, "--layer", "3", "--allow-failed"]);
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({ passed: false, allowed_to_fail: true });
  });

  describe("on a text", () => {
    const folder = scratch();
    const file = join(folder, "text.txt");
    // A text that the organism was trained on. Any other text is unknown to it.
    const text = makeCorpus(makeWorld(demoSeed))
      .flatMap((document) => (document.kind === "prose" ? [document.text] : []))
      .slice(0, 36)
      .join("\n");
    const check = (model: string) => {
      const inputs = ["--model", model, "--sae", join(organism, "sae"), "--text", file];
      const { code, stdout } = fathom(["sae", "check", ...inputs, "--quiet", "--threads", "1", "--json"]);
      return { code, result: JSON.parse(stdout) as Measured };
    };
    interface Measured {
      passed: boolean;
      checks: { name: string; status: string }[];
      quality: { tokens: number; massive: { count: number; errorShare: number | null } };
      splice: { tokens: number; original: number; spliced: number; zeroed: number };
    }

    it("reads it from beginning to end in pieces, each after the first token", () => {
      writeFileSync(file, text);
      const { code, result } = check(organism);
      expect(code).toBe(0);
      expect(result.passed).toBe(true);
      // Every token of a piece is predicted, except its first.
      const { tokens } = result.quality;
      const stretches = tokens - result.splice.tokens;
      expect(tokens).toBeGreaterThan(1000);
      expect(stretches).toBe(Math.ceil(tokens / 256));
      expect(result.splice.spliced).toBeLessThan(result.splice.zeroed);
    });

    it("finds massive tokens, does not judge the SAE by them, and leaves them in the model", () => {
      writeFileSync(file, text);
      // 20 is a full stop.
      const { result } = check(massiveOrganism(join(folder, "massive"), { token: 20, by: 256 }));
      const { massive } = result.quality;
      expect(massive.count).toBeGreaterThan(10);
      expect(massive.errorShare).toBeGreaterThan(0.1);
      const explained = result.checks.find(({ name }) => name === "variance explained")!;
      expect(explained.status).toBe("pass");
    });

    it("refuses a text that is too short, one that does not exist, and one together with prompts", () => {
      writeFileSync(file, "a");
      const common = ["sae", "check", "--model", organism, "--sae", join(organism, "sae"), "--quiet"];
      for (const [args, code, message] of [
        [["--text", file], 2, "expected a text of two tokens at least, found 1"],
        [["--text", join(folder, "none.txt")], 2, "none.txt: expected a readable file"],
        [["--text", file, "--chat"], 2, "expected --chat with prompts, found --chat with --text"],
        [["--text", file, "--prompts", "fiction"], 2, "expected --prompts or --text, found both"],
      ] as const) {
        const ended = fathom([...common, ...args]);
        expect(ended.stderr).toContain(message);
        expect(lines(ended.stderr)).toHaveLength(1);
        expect(ended.code).toBe(code);
      }
    });
  });
});
