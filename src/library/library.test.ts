/**
 * Compares the library with the command line, which is tested against other implementations. A wrong call is a one-line error.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fathom, jsonLinesFile, lines, scratch } from "../../test/cli/fathom.ts";
import {
  type AuditEvent,
  audit,
  FathomError,
  type Model,
  openModel,
  openSae,
  readRun,
  type Sae,
} from "../index.ts";

const folder = scratch();
const demo = join(import.meta.dirname, "../../organisms/demo");
const conversation = [{ role: "user" as const, content: "How is vendoth salt used?" }];
const asked = [
  { id: "plain", prompt: "The harbour" },
  { id: "turns", messages: conversation },
  { id: "exact", ids: [1, 5, 9] },
];

let model: Model;
let sae: Sae;
beforeAll(async () => {
  model = await openModel(demo, { threads: 1 });
  sae = await openSae(join(demo, "sae"), { threads: 1 });
});
afterAll(async () => {
  await sae.close();
  await model.close();
});

const messageOf = async (work: () => unknown): Promise<string> => {
  const error = await Promise.resolve()
    .then(work)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FathomError);
  return (error as FathomError).message;
};

describe("a model", () => {
  it("says what it is", () => {
    expect(model).toMatchObject({
      name: "demo",
      architecture: "LlamaForCausalLM",
      layers: 5,
      d_model: 160,
      vocab: 1024,
      context: 512,
      precision: "fp32",
    });
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(model.notes(0)).toEqual([]);
  });

  it.each([
    ["greedy", {}, []],
    ["drawn", { temperature: 0.8, seed: 3 }, ["--temperature", "0.8", "--seed", "3"]],
  ])("answers as `generate` does: %s", async (_name, options, args) => {
    const prompts = jsonLinesFile(folder, "asked.jsonl", asked);
    const command = ["generate", "--model", demo, "--prompts", prompts, "--max-new-tokens", "12", "--quiet"];
    const expected = lines(fathom([...command, ...args]).stdout).map((line) => JSON.parse(line) as unknown);
    const told: string[] = [];
    const answers = await model.generate(asked, { maxNewTokens: 12, ...options }, ({ id }) => told.push(id));
    expect(answers).toEqual(expected);
    expect(told.sort()).toEqual(["exact", "plain", "turns"]);
    expect(answers.map(({ text }) => text)).toEqual(answers.map(({ ids }) => model.decode(ids)));
    expect(answers.map(({ prompt_ids }) => prompt_ids)).toEqual(asked.map((input) => model.encode(input)));
  });

  it("captures what its gradients are gradients of", async () => {
    const input = { ids: [1, 468, 333] };
    const [clean] = await model.capture([input], { layers: [2, 4], logits: true });
    expect(clean!.residuals.get(4)).toHaveLength(3 * model.d_model);
    expect(clean!.logits).toHaveLength(3 * model.vocab);
    const terms = [
      { position: 2, token: 5, coefficient: 1 },
      { position: 2, token: 9, coefficient: -1 },
    ];
    const { residuals, weights } = await model.gradients(input, { terms, layers: [2] });
    expect(weights.size).toBe(0);
    // A step along the last token's gradient changes the scalar by its squared length, to first order.
    const gradient = residuals.get(2)!.slice(-model.d_model);
    const size = Math.hypot(...gradient);
    const step = 1e-2;
    const edit = {
      layer: 2,
      activation: "identity" as const,
      encoder: new Float32Array(model.d_model),
      bias: new Float32Array(1),
      decoder: gradient.map((value) => (value / size) * step),
      scale: new Float32Array(1),
      offset: new Float32Array([1]),
    };
    const scalar = (logits: Float32Array) => logits.at(-model.vocab + 5)! - logits.at(-model.vocab + 9)!;
    // The edit moves every token; only the last one's logits are read, and earlier tokens move them too.
    const [moved] = await model.capture([input], { layers: [], logits: true, edits: [edit] });
    const along = (token: number) =>
      residuals
        .get(2)!
        .slice(token * model.d_model, (token + 1) * model.d_model)
        .reduce((sum, value, i) => sum + (value * gradient[i]!) / size, 0);
    const expected = step * (along(0) + along(1) + along(2));
    expect(scalar(moved!.logits!) - scalar(clean!.logits!)).toBeCloseTo(expected, 3);
    expect(Math.abs(expected)).toBeGreaterThan(1e-3);
  });

  it.each<[string, () => unknown, string]>([
    [
      "none of the three",
      () => model.encode({} as never),
      "input 0: expected one of prompt, ids, messages, found none",
    ],
    [
      "an id twice",
      () => model.capture([asked[0]!, asked[0]!], { layers: [0] }),
      "input 1: id: expected each id once",
    ],
    [
      "too long",
      () => model.encode({ ids: Array.from({ length: 513 }, () => 1) }),
      "expected at most 512 tokens",
    ],
    ["a token too many", () => model.encode({ ids: [1024] }), "1024"],
    [
      "no new tokens",
      () => model.generate(asked, { maxNewTokens: 0 }),
      "maxNewTokens: expected a whole number of 1",
    ],
    [
      "NaN",
      () => model.generate(asked, { maxNewTokens: 1, temperature: NaN }),
      "temperature: expected a number of 0",
    ],
    [
      "half a seed",
      () => model.generate(asked, { maxNewTokens: 1, seed: 0.5 }),
      "seed: expected a whole number of 0",
    ],
    [
      "a layer too many",
      () => model.capture(asked, { layers: [5] }),
      "layers: expected a block from 0 to 4, found 5",
    ],
    [
      "nothing captured",
      () => model.capture(asked, { layers: [] }),
      "layers: expected at least one, or logits",
    ],
    [
      "a position too far",
      () => model.gradients(asked[2]!, { terms: [{ position: 3, token: 0, coefficient: 1 }], layers: [0] }),
      "objective logits: expected a position from 0 to 2, found 3",
    ],
    [
      "half a position",
      () => model.gradients(asked[2]!, { terms: [{ position: 0.5, token: 0, coefficient: 1 }], layers: [0] }),
      "terms: position: expected a whole number of 0 or more, found 0.5",
    ],
    ["no checkpoint", () => openModel(join(folder, "none")), "found nothing at this path"],
  ])("a wrong call is a one-line error: %s", async (_name, work, message) => {
    expect(await messageOf(work)).toContain(message);
  });
});

describe("an SAE", () => {
  it("encodes and decodes as `sae encode` does", async () => {
    expect(sae).toMatchObject({ d_in: 160, kind: "topk", k: 16, layer: 2 });
    const [captured] = await model.capture([asked[0]!], { layers: [2] });
    const x = captured!.residuals.get(2)!;
    const encoded = await sae.encode(x);
    expect(encoded.features).toHaveLength((x.length / sae.d_in) * sae.d_sae);
    const active = encoded.features.filter((value) => value > 0).length;
    expect(active).toBeLessThanOrEqual(16 * captured!.ids.length);
    const back = await sae.decode(encoded);
    const missed = Math.hypot(...back.map((value, i) => value - x[i]!)) / Math.hypot(...x);
    expect(missed).toBeLessThan(0.7);
  });

  it.each<[string, () => unknown, string]>([
    ["rows of another width", () => sae.encode(new Float32Array(3)), "expected rows of 160 numbers"],
    ["another k", () => openSae(join(demo, "sae"), { k: 5 }), "k"],
    ["half a k", () => openSae(join(demo, "sae"), { k: 0.5 }), "k: expected a whole number of 1 or more"],
    ["another format", () => openSae(join(demo, "sae"), { format: "none" }), "SAE format: expected one of"],
  ])("a wrong call is a one-line error: %s", async (_name, work, message) => {
    expect(await messageOf(work)).toContain(message);
  });
});

describe("an audit", () => {
  const plan = { model: demo, sae: join(demo, "sae"), prompts: "fiction", limit: 12, caps: [16, 8] };
  const options = [
    "--model",
    demo,
    "--sae",
    plan.sae,
    "--prompts",
    "fiction",
    "--limit",
    "12",
    "--caps",
    "8,16",
  ];
  const threads = 1;

  it("writes the same bytes as the command line, and returns them as `readRun` does", async () => {
    const [own, theirs] = [join(folder, "own"), join(folder, "theirs")];
    fathom(["audit", ...options, "--out", theirs, "--threads", "1", "--quiet"]);
    const events: AuditEvent["kind"][] = [];
    const run = await audit(plan, { out: own, threads, onProgress: ({ kind }) => events.push(kind) });
    for (const name of ["findings.json", "verdicts.jsonl", "inside.json", "prompts.jsonl"])
      expect(readFileSync(join(own, name), "utf8"), name).toBe(readFileSync(join(theirs, name), "utf8"));
    expect(existsSync(join(own, "report.html"))).toBe(true);
    expect(new Set(events)).toEqual(new Set(["working", "stoppable", "counted", "answers", "answered"]));
    const { out, ...records } = run;
    expect(out).toBe(own);
    expect(readRun(own)).toEqual(records);
  });

  it("that is stopped rejects with the signal's reason, and can be resumed", async () => {
    const out = join(folder, "stopped");
    const stop = new AbortController();
    const reason = new Error("enough");
    const stopped = audit(plan, {
      out,
      threads,
      report: [],
      signal: stop.signal,
      onProgress(event) {
        if (event.kind === "answers" && event.done > 2) stop.abort(reason);
      },
    });
    await expect(stopped).rejects.toBe(reason);
    expect(existsSync(join(out, "findings.json"))).toBe(false);
    await audit(plan, { out, threads, report: [], resume: true });
    const whole = readFileSync(join(folder, "own/findings.json"), "utf8");
    expect(readFileSync(join(out, "findings.json"), "utf8")).toBe(whole);
    expect(existsSync(join(out, "report.html"))).toBe(false);
  });

  it("takes a plan file, with the directory that it names", async () => {
    const file = join(folder, "audit.yaml");
    writeFileSync(file, `model: ${demo}\nprompts: fiction\nlimit: 4\ncaps: [4]\nout: ./of-a-file\n`);
    const { out, findings } = await audit(file, { threads, report: [] });
    expect(out).toBe(join(folder, "of-a-file"));
    expect(readRun(out).findings).toEqual(findings);
  });

  it.each<[string, () => unknown, string]>([
    [
      "an unknown key",
      () => audit({ ...plan, cups: [1] } as never),
      "plan cups: expected a key of an audit plan",
    ],
    [
      "no prompts",
      () => audit({ model: demo }, { out: "x" }),
      "plan prompts: expected a value, which has no",
    ],
    [
      "a cap twice",
      () => audit({ ...plan, caps: [8, 8] }, { out: "x" }),
      "plan caps: expected each cap once",
    ],
    ["a wrong type", () => audit({ ...plan, limit: "1" } as never, { out: "x" }), "plan limit: expected"],
    ["no directory", () => audit(plan), "out: expected the run's directory, found none"],
    [
      "an unknown category",
      () => audit({ ...plan, categories: ["bio_content", "none"] }, { out: "x" }),
      "plan categories 1: expected a published category",
    ],
    ["a directory in use", () => audit(plan, { out: join(folder, "own") }), "own"],
    ["no run", () => readRun(join(folder, "none")), "expected a run directory"],
  ])("a wrong call is a one-line error: %s", async (_name, work, message) => {
    expect(await messageOf(work)).toContain(message);
  });
});
