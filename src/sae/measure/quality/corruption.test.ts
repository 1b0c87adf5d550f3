/**
 * Wrong loads that look fine, on real activations of the bundled organism. The gate stops each of them and lets the
 * correct SAE of every kind through.
 *
 * A threshold applied with ≥ instead of > makes a difference only if a pre-activation equals its threshold to the
 * bit. No activation here does, so no measurement can see it. The gate checks the arithmetic itself; the last test
 * does that with ONNX Runtime's own ≥.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sampleOf, spliced } from "../../../../test/support/sample.ts";
import { random } from "../../../core/random.ts";
import { greaterOperator } from "../../../graph/ops/select.ts";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { CapturedRows } from "../../../model/engine/captured-rows.ts";
import type { Edit } from "../../../model/engine/edits/edit.ts";
import { type Model, openModel } from "../../../model/model.ts";
import { loadInputs } from "../../../prompts/inputs.ts";
import { inMemory, type Matrix } from "../../code/matrix.ts";
import { type Rows, rowsOf } from "../../code/rows.ts";
import { makeSae, type Sae, type SaeParts } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import { foldInputScale } from "../../code/scale.ts";
import { residPost, siteOf } from "../../code/site.ts";
import { openSae } from "../../formats/open-sae.ts";
import { usualOf, usualPlan } from "../../training/state/training-plan.ts";
import { trainSae } from "../../training/training.ts";
import { type GateResult, gate } from "../gate/gate.ts";
import { quality } from "./quality.ts";
import { answered, type Sample } from "./residual-sample.ts";

const organism = fileURLToPath(new URL("../../../../organisms/demo", import.meta.url));
const layer = 2;
const bundled = openSae(`${organism}/sae`);
const d = bundled.d_in;
const F = bundled.d_sae;
let model: Model;
/**
 * The sample from which the correct SAEs state their figures (`first`), and the one on which they are judged
 * (`second`).
 */
let first: Sample;
let second: Sample;
const sound: Partial<Record<Sae["kind"], Sae>> = {};

beforeAll(async () => {
  model = await openModel(organism, { threads: 1 });
  const prompts = (await loadInputs("fiction")).flatMap((input) =>
    input.kind === "prompt"
      ? [{ id: input.id, ids: textOf(model.checkpoint).tokenizer.encode(input.prompt, { addSpecial: true }) }]
      : [],
  );
  const texts = await answered(model, prompts, 24);
  first = await sampleOf(
    model,
    layer,
    texts.filter((_, i) => i % 2 === 0),
    2000,
  );
  second = await sampleOf(
    model,
    layer,
    texts.filter((_, i) => i % 2 === 1),
    2000,
  );

  // With the encoder of the TopK SAE: the threshold above which as many features are active as its k.
  const open = await withSession({ ...bundled, kind: "standard", k: null }, (session) =>
    session.encode(first.rows.read(0, first.rows.count)),
  );
  const active = open.features.filter((value) => value > 0).sort();
  const cut = active[active.length - bundled.k! * first.rows.count]!;
  const bare = { ...bundled, k: null } as const;
  const kinds: Record<Exclude<Sae["kind"], "groupmax">, SaeParts> = {
    topk: bundled,
    jumprelu: { ...bare, kind: "jumprelu", threshold: new Float32Array(F).fill(cut) },
    gated: {
      ...bare,
      kind: "gated",
      b_enc: bundled.b_enc.map((value) => value - cut),
      magnitude: { r_mag: new Float32Array(F), b_mag: bundled.b_enc },
    },
    standard: { ...bare, kind: "standard", b_enc: bundled.b_enc.map((value) => value - cut / 2) },
  };
  for (const [kind, parts] of Object.entries(kinds) as [Sae["kind"], SaeParts][]) {
    const measured = await withSession(parts, (session) => quality(session, first.rows));
    const stated = {
      varianceExplained: measured.varianceExplained.ordinary,
      meanL0: measured.meanL0,
      deadShare: measured.dead.share,
      meanNorm: measured.norm.ordinary,
    };
    sound[kind] = makeSae({ ...parts, stated });
  }
});
afterAll(() => model.close());

async function withSession<T>(parts: SaeParts, use: (session: SaeSession) => Promise<T>): Promise<T> {
  const session = await SaeSession.open(makeSae(parts), { threads: 1 });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Runs the gate as `sae check` does. @throws FathomError if the SAE cannot even be opened */
async function judged(parts: SaeParts, rows = second.rows): Promise<GateResult> {
  const facts = { name: "demo", hiddenSize: d, layers: model.checkpoint.config.layers.length };
  return await withSession(parts, (session) =>
    gate(session, facts, rows, {
      isFirst: second.isFirst,
      elsewhere: new Map(
        [...second.elsewhere, [layer, second.rows] as const].filter(([block]) => block !== parts.site?.layer),
      ),
      splice: () => {
        const at = parts.site?.layer ?? layer;
        return spliced(session, at, model, second.texts.slice(0, 8));
      },
    }),
  );
}

describe("a sound SAE", () => {
  it.each(["topk", "jumprelu", "gated", "standard"] as const)("of kind %s passes", async (kind) => {
    const { checks, mistake } = await judged(sound[kind]!);
    expect(checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence)).toEqual([]);
    expect(mistake).toBeNull();
  });
});

/** The bytes of the transposed matrix, read as if they were the matrix's own. */
const swapped = (matrix: Matrix) => {
  const values = matrix.read();
  const [rows, columns] = matrix.shape;
  return inMemory(
    Float32Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!),
    matrix.shape,
  );
};
const changed = (matrix: Matrix, by: (value: number, at: number) => number) =>
  inMemory(Float32Array.from(matrix.read(), by), matrix.shape);
const unscaled = (sae: Sae) => foldInputScale(sae, sae.stated.meanNorm! / Math.sqrt(d), "corrupted");

interface Corruption {
  of: Sae["kind"];
  load: (sae: Sae) => SaeParts | Promise<SaeParts>;
  rows?: () => Rows | Promise<Rows>;
  /** The mistake that the gate must name, if it can. */
  mistake?: RegExp;
}
const corruptions: Record<string, Corruption> = {
  "decoder transposed": {
    of: "topk",
    load: (sae) => ({ ...sae, W_dec: swapped(sae.W_dec) }),
    mistake: /W_dec is stored the other way round/,
  },
  "encoder transposed": {
    of: "topk",
    load: (sae) => ({ ...sae, W_enc: swapped(sae.W_enc) }),
    mistake: /W_enc is stored the other way round/,
  },
  "scaled by √d": { of: "jumprelu", load: (sae) => foldInputScale(sae, Math.sqrt(d), "corrupted") },
  "scaled by 1/√d": { of: "jumprelu", load: (sae) => foldInputScale(sae, 1 / Math.sqrt(d), "corrupted") },
  "decoder scaled by √d": {
    of: "topk",
    load: (sae) => ({ ...sae, W_dec: changed(sae.W_dec, (value) => value * Math.sqrt(d)) }),
  },
  "the dataset-norm scaling missing": {
    of: "jumprelu",
    load: unscaled,
    mistake: /dataset-norm scaling is missing/,
  },
  "the dataset-norm scaling applied twice": {
    of: "jumprelu",
    load: (sae) => foldInputScale(sae, Math.sqrt(d) / sae.stated.meanNorm!, "corrupted"),
    mistake: /applied twice/,
  },
  "another layer": {
    of: "topk",
    load: (sae) => ({ ...sae, site: siteOf(residPost(layer + 1), null) }),
    rows: () => second.elsewhere.get(layer + 1)!,
  },
  "another hook": { of: "topk", load: (sae) => ({ ...sae, site: siteOf("blocks.2.hook_mlp_out", null) }) },
  "ReLU for TopK": { of: "topk", load: (sae) => ({ ...sae, kind: "standard", k: null }), mistake: /TopK/ },
  "threshold dropped": {
    of: "jumprelu",
    load: (sae) => ({ ...sae, threshold: new Float32Array(F) }),
    mistake: /thresholds are missing/,
  },
  "b_dec not subtracted": { of: "topk", load: (sae) => ({ ...sae, applyBDecToInput: false }) },
  "b_dec of the wrong sign": { of: "topk", load: (sae) => ({ ...sae, b_dec: sae.b_dec.map((v) => -v) }) },
  "a model far from the SAE's": { of: "topk", load: (sae) => sae, rows: () => farOff() },
  "fp16 overflow": {
    of: "topk",
    // A cast to half precision turns weights above 65504 into infinities.
    load: (sae) => ({
      ...sae,
      W_dec: changed(sae.W_dec, (v) => (Math.abs(v * 2e5) > 65504 ? Infinity * v : v)),
    }),
  },
  "decoder permuted": {
    of: "topk",
    load: (sae) => {
      const order = random("corruption").shuffle([...Array(F).keys()]);
      return { ...sae, W_dec: inMemory(sae.W_dec.take(0, order), sae.W_dec.shape) };
    },
  },
  "k too small": { of: "topk", load: (sae) => ({ ...sae, k: 4 }) },
  "k too large": { of: "topk", load: (sae) => ({ ...sae, k: 64 }), mistake: /k is 64/ },
  "normalized twice: layer_norm": { of: "jumprelu", load: (sae) => ({ ...sae, normalize: "layer_norm" }) },
  "normalized twice: constant norm": {
    of: "jumprelu",
    load: (sae) => ({ ...sae, normalize: "constant_norm_rescale" }),
    mistake: /should not be/,
  },
  "one NaN": {
    of: "topk",
    load: (sae) => ({ ...sae, W_enc: changed(sae.W_enc, (v, at) => (at === 5 ? NaN : v)) }),
  },
  "a stale file: weights of an early revision beside the config of the last": {
    of: "topk",
    load: async ({ stated, site }) => {
      const sizes = { d_sae: 128, k: 16, batch: 256, steps: 20 };
      const plan = { ...usualPlan, ...usualOf.topk, ...sizes, objective: "topk" as const, seed: "early" };
      const { sae } = await trainSae(first.rows, site!, plan, () => undefined, { threads: 1 });
      return { ...sae, stated };
    },
  },
};

/** Activations of the organism after the same block's input was moved far away, as in a model that was tuned for long. */
async function farOff(): Promise<Rows> {
  const draw = random("far");
  const push: Edit = {
    layer: 0,
    activation: "identity",
    encoder: new Float32Array(d),
    bias: new Float32Array(1),
    decoder: Float32Array.from({ length: d }, () => draw.normal()),
    scale: new Float32Array(1),
    offset: Float32Array.of(4),
  };
  const out = new CapturedRows();
  await model.capture(second.texts, { layers: [layer], logits: false, edits: [push] }, out.take);
  const parts = second.texts.map((_, i) => out.row(i, layer));
  return rowsOf(Float32Array.from(parts.flatMap((part) => [...part])), d);
}

/** Loads that are refused when they are read, before anything is measured. */
const unusable = new Set(["fp16 overflow", "one NaN"]);

describe("a corrupted load is stopped", () => {
  it.each(Object.keys(corruptions))("%s", async (name) => {
    const { of, load, rows, mistake } = corruptions[name]!;
    const judging = (async () => await judged(await load(sound[of]!), await rows?.()))();
    if (unusable.has(name)) {
      await expect(judging).rejects.toThrow(/expected finite numbers/);
      return;
    }
    const { passed, checks, mistake: named } = await judging;
    const failed = checks.filter(({ status }) => status === "fail");
    expect(passed, checks.map(({ sentence }) => sentence).join("\n")).toBe(false);
    expect(failed.length).toBeGreaterThan(0);
    if (mistake !== undefined) expect(named?.sentence).toMatch(mistake);
  });
});

describe("threshold applied with ≥ in place of >", () => {
  it.each(["jumprelu", "gated"] as const)("%s", async (kind) => {
    const spy = vi.spyOn(greaterOperator, "emit").mockImplementation(({ inputs, outputs }, onnx) => {
      onnx.into(outputs, "GreaterOrEqual", inputs);
    });
    try {
      const { passed, checks } = await judged(sound[kind]!);
      expect(passed).toBe(false);
      expect(checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence)).toEqual([
        `threshold: ${F} of ${F} features are active exactly on their threshold, where none is to be, and ${F} above it, on rows made for it.`,
      ]);
    } finally {
      spy.mockRestore();
    }
  });
});
