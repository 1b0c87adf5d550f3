/** --device on the command line: a missing device is reported in one line, and never replaced by the CPU. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fathom, tinyModel } from "./fathom.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-device-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const prompts = join(folder, "p.jsonl");
writeFileSync(prompts, '{"id":"a","ids":[5,6,7]}\n');
const generate = (device: string) =>
  fathom([
    "generate",
    "--model",
    tinyModel,
    "--prompts",
    prompts,
    "--max-new-tokens",
    "2",
    "--device",
    device,
    "--quiet",
  ]);

test("cpu is a device", () => {
  expect(generate("cpu").code).toBe(0);
});

test("CUDA without its libraries is one line that says what to install", () => {
  const { code, stdout, stderr } = generate("cuda");
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim()).toMatch(
    /^fathom: --device cuda: expected an NVIDIA GPU.*ONNXRUNTIME_NODE_INSTALL.*Try: --device cpu$/,
  );
});

test("an unknown device is refused by name", () => {
  const { code, stderr } = generate("tpu");
  expect(code).toBe(2);
  expect(stderr).toMatch(/--device: expected .*cpu.*webgpu.*cuda.*"tpu"/);
});
