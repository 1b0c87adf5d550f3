/** capture and generate as programs use them: exact tokens in, the shapes of design/cli.md out, numbers of Transformers. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memoryNote } from "../../src/cli/tokens/memory-note.ts";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { writeSafetensors } from "../../src/files/tensors/safetensors-writer.ts";
import { heldBytes } from "../../src/model/architecture/weight-shapes.ts";
import { openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import { fathom, fixture, jsonLinesFile, lines, namesIn, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
const reference = JSON.parse(readFileSync(join(tinyModel, "reference.json"), "utf8")) as {
  prompts: number[][];
  greedy: number[][];
  stopped: number[][];
  endTokens: number[];
  tokenizer: { texts: { text: string; ids: number[] }[] };
};
const exact = jsonLinesFile(
  folder,
  "exact.jsonl",
  reference.prompts.map((ids, i) => ({ id: `p${i}`, ids })),
);

/** Largest difference over the reference's largest magnitude. */
function relativeError(ours: Float32Array, theirs: Float32Array): number {
  expect(ours.length).toBe(theirs.length);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < ours.length; i++) {
    difference = Math.max(difference, Math.abs(ours[i]! - theirs[i]!));
    magnitude = Math.max(magnitude, Math.abs(theirs[i]!));
  }
  return difference / magnitude;
}

test("capture writes residuals, logits and ids, equal to Transformers'", () => {
  const out = join(folder, "acts.safetensors");
  const args = ["--model", tinyModel, "--prompts", exact, "--layers", "all", "--logits", "--out", out];
  const { code, stdout, stderr } = fathom(["capture", ...args]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  const ours = openSafetensors(out);
  const theirs = openSafetensors(join(tinyModel, "reference.safetensors"));
  const names = reference.prompts.flatMap((_, i) =>
    ["ids", "resid_post.0", "resid_post.1", "resid_post.2", "logits"].map((name) => `p${i}.${name}`),
  );
  expect([...ours.entries.keys()].sort()).toEqual(names.sort());
  reference.prompts.forEach((ids, i) => {
    expect(ours.entry(`p${i}.ids`)).toMatchObject({ dtype: "I32", shape: [ids.length] });
    expect([...new Int32Array(ours.readBytes(`p${i}.ids`).buffer)]).toEqual(ids);
    for (const [name, theirName, width] of [
      ...[0, 1, 2].map((layer) => [`resid_post.${layer}`, `layer.${layer}`, 32] as const),
      ["logits", "logits", 336] as const,
    ]) {
      expect(ours.entry(`p${i}.${name}`)).toMatchObject({ dtype: "F32", shape: [ids.length, width] });
      const error = relativeError(
        ours.readFloat32(`p${i}.${name}`),
        theirs.readFloat32(`prompt.${i}.${theirName}`),
      );
      expect(error).toBeLessThan(2e-4);
    }
  });
  ours.close();
  theirs.close();
  expect(namesIn(folder).filter((name) => name.includes("partial"))).toEqual([]);
});

test("capture keeps the requested layers, and logits only if requested", () => {
  const out = join(folder, "one.safetensors");
  expect(
    fathom(["capture", "--model", tinyModel, "--prompts", exact, "--layers", "0,2", "--out", out]).code,
  ).toBe(0);
  const file = openSafetensors(out);
  expect([...file.entries.keys()].filter((name) => name.startsWith("p0")).sort()).toEqual([
    "p0.ids",
    "p0.resid_post.0",
    "p0.resid_post.2",
  ]);
  file.close();
});

test("capture with one block open at a time writes the same file", () => {
  const capture = (out: string, ...more: string[]) =>
    fathom(["capture", "--model", tinyModel, "--prompts", exact, "--out", join(folder, out), ...more]);
  for (const what of [
    ["--layers", "1"],
    ["--layers", "all", "--logits"],
  ]) {
    expect(capture("whole.safetensors", ...what).code).toBe(0);
    expect(capture("small.safetensors", ...what, "--low-memory")).toMatchObject({ code: 0, stderr: "" });
    const [whole, small] = ["whole", "small"].map((name) =>
      readFileSync(join(folder, `${name}.safetensors`)),
    );
    expect(small!.equals(whole!)).toBe(true);
  }
  expect(namesIn(folder).filter((name) => /partial|residuals/.test(name))).toEqual([]);
});

test("a model that does not fit in memory is reported, with what to do", async () => {
  const { config, weights } = await openCheckpoint(tinyModel);
  weights.close();
  // 3 blocks of 8,752 numbers, with q, k and v's biases; the final norm, 32; the untied head, 336 × 32.
  const { all, largest } = heldBytes(config, "fp32");
  expect(memoryNote(config, "fp32", all)).toBeNull();
  expect(memoryNote(config, "int4", all / 2)).toBeNull();
  expect(memoryNote(config, "fp32", all - 1)).toMatch(
    /KiB in memory and .* is available\. Try: --low-memory/,
  );
  expect({ all, largest }).toEqual({ all: 4 * (3 * 8752 + 32 + 336 * 32), largest: 4 * 8752 });
});

interface Line {
  id: string;
  prompt_ids: number[];
  ids: number[];
  text: string;
  finish: string;
}
const generate = (prompts: string, n: number, ...more: string[]) =>
  fathom(["generate", "--model", tinyModel, "--prompts", prompts, "--max-new-tokens", String(n), ...more]);
const parsed = (text: string) => lines(text).map((line) => JSON.parse(line) as Line);

test("generate gives Transformers' greedy tokens, in the prompts' order, in the stated shape", () => {
  const { code, stdout, stderr } = generate(exact, 64);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const answers = parsed(stdout);
  expect(answers.map(({ id }) => id)).toEqual(["p0", "p1", "p2"]);
  answers.forEach((answer, i) => {
    expect(Object.keys(answer)).toEqual(["id", "prompt_ids", "ids", "text", "finish"]);
    expect(answer.prompt_ids).toEqual(reference.prompts[i]);
    // Transformers returns the end token with the answer. Here `finish` says it.
    const stopped = reference.stopped[i]!;
    const ended = reference.endTokens.includes(stopped.at(-1)!);
    expect(answer.ids).toEqual(ended ? stopped.slice(0, -1) : stopped);
    expect(answer.finish).toBe(ended ? "stop" : "length");
    expect(typeof answer.text).toBe("string");
  });
});

test("generate writes the same lines to a file for every batch size", () => {
  const out = join(folder, "g.jsonl");
  expect(generate(exact, 12, "--out", out, "--batch-size", "1")).toMatchObject({ code: 0, stdout: "" });
  expect(parsed(readFileSync(out, "utf8"))).toEqual(parsed(generate(exact, 12).stdout));
});

test("a sampled answer depends on its seed and id only", () => {
  const sampled = (seed: string, prompts = exact) =>
    parsed(generate(prompts, 12, "--temperature", "1", "--seed", seed).stdout);
  const [first, second, other] = [sampled("1"), sampled("1"), sampled("2")];
  expect(second).toEqual(first);
  expect(other.map(({ ids }) => ids)).not.toEqual(first.map(({ ids }) => ids));
  const alone = jsonLinesFile(folder, "alone.jsonl", [{ id: "p1", ids: reference.prompts[1] }]);
  expect(sampled("1", alone)).toEqual([first[1]]);
});

test("a plain prompt is plain text; --chat and messages go through the template", () => {
  const { text, ids } = reference.tokenizer.texts[0]!;
  const plain = jsonLinesFile(folder, "plain.jsonl", [{ id: "a", prompt: text }]);
  const messages = jsonLinesFile(folder, "messages.jsonl", [
    { id: "a", messages: [{ role: "user", content: text }] },
  ]);
  const idsOf = (...args: Parameters<typeof generate>) => parsed(generate(...args).stdout)[0]!.prompt_ids;
  expect(idsOf(plain, 1)).toEqual(ids);
  const chat = idsOf(plain, 1, "--chat");
  expect(chat.length).toBeGreaterThan(ids.length);
  expect(idsOf(messages, 1)).toEqual(chat);
});

test("a full context ends an answer with the finish length", () => {
  const long = jsonLinesFile(folder, "long.jsonl", [{ id: "a", ids: Array.from({ length: 250 }, () => 5) }]);
  const [answer] = parsed(generate(long, 64).stdout);
  expect(answer!.ids.length).toBeLessThanOrEqual(7);
  expect(["length", "stop"]).toContain(answer!.finish);
});

test("edits change what is generated as they say", () => {
  const d = 32;
  const zeros = Array.from({ length: d }, () => 0);
  const push = zeros.map((_, i) => (i % 2 === 0 ? 1 : -1));
  const edit = (offset: number) => ({
    layer: 1,
    activation: "identity",
    encoder: zeros,
    bias: [0],
    decoder: [push],
    scale: [1],
    offset: [offset],
  });
  const file = (name: string, edits: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(edits));
    return path;
  };
  const tokens = (...more: string[]) => parsed(generate(exact, 16, ...more).stdout).map(({ ids }) => ids);
  const still = generate(exact, 16, "--edits", file("none.json", [edit(0)]));
  expect(parsed(still.stdout).map(({ ids }) => ids)).toEqual(tokens());
  expect(still.stderr).toContain("edit 0 moved nothing at resid_post of block 1, in any answer");
  const ranked = { ...edit(0), site: "mlp_out", activation: "topk", k: 1, bias: [1] };
  const held = generate(exact, 4, "--edits", file("topk.json", [{ ...ranked, scale: [0], chosen: [0] }]));
  expect(held).toMatchObject({ code: 0, stderr: "" });
  expect(tokens("--edits", file("push.json", [edit(20)]))).not.toEqual(tokens());

  for (const [name, edits, message] of [
    [
      "short.json",
      [{ ...edit(1), decoder: [1, 2] }],
      "edit 0 decoder: expected 32 numbers for 1 features, found 2",
    ],
    ["deep.json", [{ ...edit(1), layer: 9 }], "edit 0: expected a layer from 0 to 2, found 9"],
    ["key.json", [{ ...edit(1), sclae: [1] }], "sclae"],
    ["text.json", [{ ...edit(1), bias: "0" }], "edit 0 bias"],
  ] as const) {
    const path = file(name, edits);
    const { code, stderr } = generate(exact, 4, "--edits", path);
    expect(stderr).toContain(message);
    expect(stderr).toContain(path);
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(2);
  }
});

test("sae encode writes what SAELens computes, sae inspect says what the file is", () => {
  for (const name of ["topk", "jumprelu", "standard"]) {
    const sae = fixture(`sae/${name}`);
    const out = join(folder, `${name}.safetensors`);
    const theirs = openSafetensors(join(sae, "expected.safetensors"));
    const given = join(folder, `${name}-inputs.safetensors`);
    writeSafetensors(given, [
      {
        name: "activations",
        dtype: "F32",
        shape: theirs.entry("inputs").shape,
        values: theirs.readFloat32("inputs"),
      },
    ]);
    const { code, stderr } = fathom(["sae", "encode", "--sae", sae, "--activations", given, "--out", out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const ours = openSafetensors(out);
    expect([...ours.entries.keys()].sort()).toEqual(["features", "reconstruction"]);
    for (const tensor of ["features", "reconstruction"]) {
      expect(ours.entry(tensor).shape).toEqual(theirs.entry(tensor).shape);
      expect(relativeError(ours.readFloat32(tensor), theirs.readFloat32(tensor))).toBeLessThan(1e-4);
    }
    ours.close();
    theirs.close();
  }
  const inspected = fathom(["sae", "inspect", "--sae", fixture("sae/topk"), "--json"]);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ kind: "topk", d_in: 16, d_sae: 48, k: 7 });
  expect(fathom(["sae", "inspect", fixture("sae/topk")]).stdout).toContain("topk, k = 7");
  const { stdout } = fathom(["sae", "inspect", fixture("sae/jumprelu")]);
  for (const line of [/^Threshold +\S+ to /m, /^Encoder norm +/m, /^\? Not stated: .* Try: /m])
    expect(stdout).toMatch(line);
});

test("generate and capture take an adapter: PEFT's tokens and logits", () => {
  const adapter = fixture("adapters/all-linear");
  const theirs = JSON.parse(readFileSync(join(adapter, "reference.json"), "utf8")) as typeof reference;
  const asked = jsonLinesFile(
    folder,
    "adapted.jsonl",
    theirs.prompts.map((ids, i) => ({ id: `p${i}`, ids })),
  );
  const answers = parsed(generate(asked, 64, "--adapter", adapter).stdout);
  answers.forEach(({ ids, finish }, i) => {
    expect(ids).toEqual(theirs.greedy[i]!.slice(0, ids.length));
    expect(ids.length === 64 || finish === "stop").toBe(true);
  });
  const out = join(folder, "adapted.safetensors");
  const args = ["--model", tinyModel, "--adapter", adapter, "--prompts", asked, "--layers", "0", "--logits"];
  expect(fathom(["capture", ...args, "--out", out])).toMatchObject({ code: 0, stderr: "" });
  const ours = openSafetensors(out);
  const expected = openSafetensors(join(adapter, "reference.safetensors"));
  expect(relativeError(ours.readFloat32("p1.logits"), expected.readFloat32("prompt.1.logits"))).toBeLessThan(
    2e-4,
  );
  ours.close();
  expected.close();
});
