/** Compares the edit with its formula written out, for each activation and normalization, and tests the algebra of edits. */
import { describe, expect, it } from "vitest";
import { runEdit } from "../../../../test/support/edit.ts";
import { random } from "../../../core/random.ts";
import { checkEdits, checkMasks, type Edit, type EditMask, editActivations } from "./edit.ts";
import { layOutAll } from "./laid-out.ts";

const d = 20;
const m = 6;
const rows = 2;
const tokens = 3;
const dims = [rows, tokens, d] as const;
const rng = random("edits");
const normals = (n: number) => Float32Array.from({ length: n }, () => rng.normal());

/** @param n features that are edited */
function edit(activation: Edit["activation"], n = m): Edit {
  return {
    layer: 0,
    activation,
    encoder: normals(d * m),
    bias: normals(m),
    decoder: normals(n * d),
    scale: normals(n),
    offset: normals(n),
    ...(activation === "jumprelu" ? { threshold: normals(m) } : {}),
    ...(activation === "topk" ? { k: 3 } : {}),
    ...(activation === "groupmax" ? { k: 2 } : {}),
    ...(activation === "gated" ? { magnitude: { scale: normals(m), bias: normals(m) } } : {}),
  };
}

/** The activations of all m features, by their definitions. @param x one token [d] */
function activationsOf(e: Edit, x: readonly number[]): number[] {
  const product = Array.from(e.bias, (_, f) => x.reduce((sum, v, j) => sum + v * e.encoder[j * m + f]!, 0));
  const pre = product.map((value, f) => value + e.bias[f]!);
  const isAmongLargest = (f: number, k: number, from: number, to: number) =>
    pre.slice(from, to).filter((other) => other > pre[f]!).length < k;
  return pre.map((p, f) => {
    const size = m / (e.k ?? 1);
    const group = Math.floor(f / size) * size;
    switch (e.activation) {
      case "identity":
        return p;
      case "relu":
        return Math.max(0, p);
      case "jumprelu":
        return p > e.threshold![f]! ? Math.max(0, p) : 0;
      case "topk":
        return isAmongLargest(f, e.k!, 0, m) ? Math.max(0, p) : 0;
      case "groupmax":
        return isAmongLargest(f, 1, group, group + size) ? Math.max(0, p) : 0;
      case "gated":
        return p > 0 ? Math.max(0, product[f]! * e.magnitude!.scale[f]! + e.magnitude!.bias[f]!) : 0;
    }
  });
}

/** @returns the input of the encoder, and the factor of the change */
function normalized(e: Edit, x: readonly number[]): { u: number[]; factor: number } {
  const mean = x.reduce((sum, v) => sum + v, 0) / d;
  const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (d - 1));
  const norm = Math.hypot(...x);
  switch (e.normalize ?? "none") {
    case "none":
      return { u: [...x], factor: 1 };
    case "layer_norm":
      return { u: x.map((v) => (v - mean) / (deviation + 1e-5)), factor: deviation };
    case "constant_norm_rescale":
      return { u: x.map((v) => (v * Math.sqrt(d)) / norm), factor: norm / Math.sqrt(d) };
  }
}

function formula(
  e: Edit,
  x: Float32Array,
  masks: readonly EditMask[],
): { edited: number[]; active: number[] } {
  const chosen = [...(e.chosen ?? Array(m).keys())];
  const edited: number[] = [];
  const active: number[] = [];
  for (let at = 0; at < rows * tokens; at++) {
    const token = Array.from(x.subarray(at * d, (at + 1) * d));
    const { u, factor } = normalized(e, token);
    const a = activationsOf(e, u);
    const mask = masks[Math.floor(at / tokens)]!;
    const strength = (i: number) => {
      if (mask instanceof Float32Array) return mask[i]!;
      if ("start" in mask) return (at % tokens < mask.until ? mask.start : mask.features)[i]!;
      return mask.features[i]! * mask.tokens[Math.min(at % tokens, mask.tokens.length - 1)]!;
    };
    active.push(...chosen.map((feature) => a[feature]!));
    edited.push(
      ...token.map((value, j) =>
        chosen.reduce((sum, feature, i) => {
          const target = a[feature]! * e.scale[i]! + e.offset[i]!;
          return sum + (target - a[feature]!) * strength(i) * e.decoder[i * d + j]! * factor;
        }, value),
      ),
    );
  }
  return { edited, active };
}

const near = (found: ArrayLike<number>, expected: readonly number[]) => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 4);
};

describe.each(editActivations)("%s", (activation) => {
  const masks = [Float32Array.from([1, 0, 1, 1, 0.25, 1]), Float32Array.from([0, 1, 0.5, 1, 0, 1])];

  it.each(["none", "layer_norm", "constant_norm_rescale"] as const)(
    "equals the formula, with each row's own mask and with the normalization %s",
    async (normalize) => {
      const e = { ...edit(activation), normalize };
      const x = normals(rows * tokens * d);
      const found = await runEdit(e, x, dims, masks);
      const expected = formula(e, x, masks);
      near(found.edited, expected.edited);
      near(found.activations, expected.active);
      const moves = Array.from({ length: rows * tokens }, (_, at) =>
        Math.max(...expected.edited.slice(at * d, (at + 1) * d).map((v, j) => Math.abs(v - x[at * d + j]!))),
      );
      near(found.moved, moves);
    },
  );

  const byFactor = [
    { features: Float32Array.from([1, 0.5, 0]), tokens: Float32Array.from([0, 1, 0.5]) },
    { features: Float32Array.from([1, 1, 1]), tokens: Float32Array.from([1, 0]) },
  ];
  const byStart = [
    { start: new Float32Array(3), until: 1, features: Float32Array.from([1, 0.5, 0]) },
    { start: Float32Array.from([0, 0.25, 1]), until: 2, features: Float32Array.from([1, 0, 0]) },
  ];
  it.each([
    { name: "factors", byToken: byFactor },
    { name: "a start of its own", byToken: byStart },
  ])(
    "edits chosen features, which all the others compete with, and a mask with $name",
    async ({ byToken }) => {
      const e = { ...edit(activation, 3), chosen: Int32Array.from([4, 0, 3]) };
      const x = normals(rows * tokens * d);
      const found = await runEdit(e, x, dims, byToken);
      const expected = formula(e, x, byToken);
      near(found.edited, expected.edited);
      near(found.activations, expected.active);
    },
  );

  it("changes nothing under an empty mask, to the bit", async () => {
    const x = normals(rows * tokens * d);
    const empty = [new Float32Array(m), { features: normals(m), tokens: new Float32Array(1) }];
    const found = await runEdit(edit(activation), x, dims, empty);
    expect(found.edited).toEqual(x);
    expect(found.moved).toEqual(new Float32Array(rows * tokens));
  });
});

it("gives a token the same bits beside any other tokens, with one thread and with several", async () => {
  const wide = 896;
  const count = 40;
  const e: Edit = {
    layer: 0,
    activation: "relu",
    encoder: normals(wide * count),
    bias: normals(count),
    decoder: normals(count * wide),
    scale: normals(count),
    offset: normals(count),
  };
  const x = normals(33 * wide);
  const run = async (B: number, T: number, threads: number) => {
    const masks = Array.from({ length: B }, () => new Float32Array(count).fill(1));
    return (await runEdit(e, x.slice(0, B * T * wide), [B, T, wide], masks, threads)).edited;
  };
  const whole = await run(1, 33, 1);
  for (const threads of [1, 2, 16])
    for (const [B, T] of [
      [1, 1],
      [2, 1],
      [3, 5],
      [16, 1],
      [33, 1],
    ] as const)
      expect(await run(B, T, threads)).toEqual(whole.subarray(0, B * T * wide));
});

it("removes a direction completely: a second ablation changes nothing", async () => {
  const direction = normals(d);
  const length = Math.hypot(...direction);
  const unit = direction.map((value) => value / length);
  const zero = new Float32Array(1);
  const ablation: Edit = {
    layer: 0,
    activation: "identity",
    encoder: unit,
    bias: zero,
    decoder: unit,
    scale: zero,
    offset: zero,
  };
  const masks = [Float32Array.of(1), Float32Array.of(1)];
  const once = await runEdit(ablation, normals(rows * tokens * d), dims, masks);
  const twice = await runEdit(ablation, once.edited, dims, masks);
  near(twice.edited, [...once.edited]);
});

describe("refuses by name", () => {
  const sizes = { hiddenSize: d, layers: 2 };
  it.each<[string, Partial<Edit>, Edit["activation"], string]>([
    ["a layer", { layer: 2 }, "relu", "edit 0: expected a layer from 0 to 1, found 2"],
    [
      "a block of embed",
      { layer: 1, site: "embed" },
      "relu",
      "edit 0: expected layer 0, as the site embed has, found 1",
    ],
    [
      "a site",
      { site: "per_layer_input" as never },
      "relu",
      "edit 0 site: expected embed, attn_out, mlp_out, resid_post;",
    ],
    ["an activation", { activation: "tanh" as never }, "relu", "edit 0 activation: expected identity, relu,"],
    [
      "a normalization",
      { normalize: "batch" as never },
      "relu",
      "edit 0 normalize: expected none, layer_norm,",
    ],
    [
      "a length",
      { scale: new Float32Array(3) },
      "relu",
      "edit 0 scale: expected 6 numbers for 6 features, found 3",
    ],
    ["a threshold too many", { threshold: new Float32Array(m) }, "relu", "edit 0: expected no threshold"],
    ["no threshold", { threshold: undefined }, "jumprelu", "edit 0: expected a threshold, as jumprelu has"],
    ["no k", { k: undefined }, "topk", "edit 0: expected k, as topk has, found none"],
    ["a large k", { k: 7 }, "topk", "edit 0 k: expected a whole number from 1 to 6, found 7"],
    [
      "groups that do not divide",
      { k: 4 },
      "groupmax",
      "edit 0 k: expected a number of groups that divides 6",
    ],
    [
      "a short magnitude",
      { magnitude: { scale: normals(1), bias: normals(m) } },
      "gated",
      "edit 0 magnitude scale",
    ],
    [
      "a chosen feature",
      { chosen: Int32Array.of(6) },
      "topk",
      "edit 0 chosen: expected features from 0 to 5, found 6",
    ],
  ])("%s", (_, change, activation, message) => {
    expect(() => {
      checkEdits([{ ...edit(activation), ...change }], sizes);
    }).toThrow(message);
  });

  it("masks", () => {
    const check = (masks: EditMask[]) => () => {
      checkMasks(masks, [2], "row");
    };
    expect(check([])).toThrow("masks of row: expected one for each of 1 edits, found 0");
    expect(check([new Float32Array(3)])).toThrow("mask 0 of row: expected 2 features, found 3");
    const short = { start: new Float32Array(1), until: 1, features: new Float32Array(2) };
    expect(check([short])).toThrow("mask 0 of row: expected 2 features, found 1");
    const none = { features: new Float32Array(2), tokens: new Float32Array(0) };
    expect(check([none])).toThrow("mask 0 of row: expected one token at least, found none");
  });
});

it("lays out the same numbers at several places once", () => {
  const one = edit("relu");
  const [first, twin, other] = layOutAll([one, { ...one, layer: 3, site: "mlp_out" }, edit("relu")], d, 1);
  expect(twin).toMatchObject({ layer: 3, site: "mlp_out", size: m });
  expect(twin!.inputs).toBe(first!.inputs);
  expect(first).toMatchObject({ layer: 0, site: "resid_post" });
  expect(other!.inputs["encoder"]).not.toBe(first!.inputs["encoder"]);
  const [, scaled] = layOutAll([one, { ...one, scale: normals(m) }], d, 1);
  expect(scaled!.inputs["scale"]!.data).not.toEqual(first!.inputs["scale"]!.data);
});
