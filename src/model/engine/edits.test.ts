/** Compares the edit with its formula written out, for each activation, and tests the algebra of edits. */
import { afterAll, describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { Tensor } from "../ort/ort.ts";
import { checkEdits, type Edit, Editor } from "./edits.ts";

const d = 6;
const k = 4;
const rng = random("edits");
const normals = (n: number) => Float32Array.from({ length: n }, () => rng.normal());
const editor = new Editor(d, { threads: 1 });
afterAll(() => editor.close());

const edit = (activation: Edit["activation"]): Edit => ({
  layer: 0,
  activation,
  encoder: normals(d * k),
  bias: normals(k),
  decoder: normals(k * d),
  scale: normals(k),
  offset: normals(k),
  threshold: activation === "jumprelu" ? Float32Array.from([-0.5, 0, 0.4, 1]) : undefined,
});
const rows = 2;
const tokens = 3;
const apply = async (e: Edit, x: Float32Array<ArrayBuffer>, masks: Float32Array[]) =>
  (await editor.apply(e, new Tensor("float32", x, [rows, tokens, d]), masks))
    .data as Float32Array<ArrayBuffer>;

function formula(e: Edit, x: Float32Array, masks: Float32Array[]): number[] {
  const act = (pre: number, feature: number) => {
    if (e.activation === "identity") return pre;
    if (e.activation === "relu") return Math.max(0, pre);
    return pre > e.threshold![feature]! ? Math.max(0, pre) : 0;
  };
  return Array.from(x, (value, at) => {
    const [token, i] = [Math.floor(at / d), at % d];
    let out = value;
    for (let feature = 0; feature < k; feature++) {
      let pre = e.bias[feature]!;
      for (let j = 0; j < d; j++) pre += x[token * d + j]! * e.encoder[j * k + feature]!;
      const a = act(pre, feature);
      const target = a * e.scale[feature]! + e.offset[feature]!;
      out += (target - a) * masks[Math.floor(token / tokens)]![feature]! * e.decoder[feature * d + i]!;
    }
    return out;
  });
}

describe.each(["identity", "relu", "jumprelu"] as const)("%s", (activation) => {
  it("equals the formula, with each row's own mask", async () => {
    const e = edit(activation);
    const x = normals(rows * tokens * d);
    const masks = [Float32Array.from([1, 0, 1, 1]), Float32Array.from([0, 1, 0.5, 1])];
    const found = await apply(e, x, masks);
    formula(e, x, masks).forEach((expected, i) => {
      expect(found[i]).toBeCloseTo(expected, 4);
    });
  });

  it("changes nothing under an empty mask", async () => {
    const x = normals(rows * tokens * d);
    expect(await apply(edit(activation), x, [new Float32Array(k), new Float32Array(k)])).toEqual(x);
  });
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
  const once = await apply(ablation, normals(rows * tokens * d), masks);
  const twice = await apply(ablation, once, masks);
  twice.forEach((value, i) => {
    expect(value).toBeCloseTo(once[i]!, 5);
  });
});

it("refuses by name arrays that do not fit, and a threshold of an edit other than jumprelu", () => {
  const sizes = { hiddenSize: d, layers: 2 };
  const refuse = (change: Partial<Edit>, activation: Edit["activation"] = "relu") =>
    expect(() => checkEdits([{ ...edit(activation), ...change }], sizes));
  refuse({ layer: 2 }).toThrow("edit 0: expected a layer from 0 to 1, found 2");
  refuse({ scale: new Float32Array(3) }).toThrow("edit 0 scale: expected 4 numbers for 4 features, found 3");
  refuse({ threshold: new Float32Array(k) }).toThrow("edit 0: expected no threshold");
  refuse({ threshold: undefined }, "jumprelu").toThrow("edit 0: expected a threshold");
});
