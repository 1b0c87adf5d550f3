/**
 * A feature whose pre-activation equals its threshold is not active: > and not ≥, wherever features are computed. The
 * tests use small whole numbers, whose products and sums float32 holds exactly, so that pre-activations do equal
 * thresholds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runEdit } from "../../../../test/support/edit.ts";
import { open } from "../../../../test/support/graph.ts";
import { poolings } from "../../../core/records/pooling.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { Graph } from "../../../graph/build/graph.ts";
import { encodeFile } from "../../code/encode-file.ts";
import { inMemory } from "../../code/matrix.ts";
import { pool } from "../../code/pool.ts";
import { rowsOf } from "../../code/rows.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../../code/sae.ts";
import { SaeSession, type SaeSessionOptions } from "../../code/sae-session.ts";
import { openSae } from "../../formats/open-sae.ts";
import { saveSae } from "../../formats/save.ts";
import { jumpReLU } from "../../training/objectives/jumprelu.ts";
import type { LossParts } from "../../training/objectives/objective.ts";
import { tokenQuality } from "../quality/quality.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-threshold-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const [d_in, d_sae] = [2, 6];
const W_enc = [1, 2, 0, -1, 3, 1, 1, -1, 2, 1, 0, 1];
const b_enc = [0, 1, -1, 2, -3, 0];
const W_dec = [1, 0, 0, 1, 2, 1, 1, 3, 5, 1, 1, 7];
const x = Float32Array.of(1, 2, 2, 1, 0, 3, 3, 0, 2, 2);
const rows = x.length / d_in;

const common: SaeParts = {
  format: "test",
  path: "whole numbers",
  d_in,
  d_sae,
  kind: "standard",
  W_enc: inMemory(Float32Array.from(W_enc), [d_in, d_sae]),
  b_enc: Float32Array.from(b_enc),
  W_dec: inMemory(Float32Array.from(W_dec), [d_sae, d_in]),
  b_dec: new Float32Array(d_in),
  threshold: null,
  k: null,
  magnitude: null,
  applyBDecToInput: true,
  normalize: "none",
  rescaleByDecoderNorm: false,
  site: null,
  stated: nothingStated,
  notes: [],
};
const jumprelu = (threshold: number[]) =>
  makeSae({ ...common, kind: "jumprelu", threshold: Float32Array.from(threshold) });

/** W_enc · row + b_enc by hand. */
const pre = Array.from({ length: rows }, (_, row) =>
  b_enc.map(
    (bias, feature) => x[row * d_in]! * W_enc[feature]! + x[row * d_in + 1]! * W_enc[d_sae + feature]! + bias,
  ),
);

interface Case {
  sae: Sae;
  /** Features computed by hand; `mistaken` are those with ≥, which must differ. */
  features: number[];
  mistaken: number[];
}
const jumpCase = (sae: Sae, threshold: number[]): Case => {
  const of = (active: (value: number, at: number) => boolean) =>
    pre.flatMap((values) => values.map((v, i) => (active(v, threshold[i]!) ? Math.max(v, 0) : 0)));
  return { sae, features: of((v, at) => v > at), mistaken: of((v, at) => v >= at) };
};
const own = [3, 1, 2, 5, 0, -2];
/** An SAE with one threshold, as `sae train` saves it after BatchTopK, read back from its file. */
function saved(): Sae {
  const folder = join(scratch, "batchtopk");
  saveSae(folder, jumprelu(Array<number>(d_sae).fill(3)));
  return openSae(folder);
}
const cases: Record<string, Case> = {
  jumprelu: jumpCase(jumprelu(own), own),
  "batchtopk, saved as jumprelu": jumpCase(saved(), Array<number>(d_sae).fill(3)),
  gated: {
    sae: makeSae({
      ...common,
      kind: "gated",
      magnitude: { r_mag: new Float32Array(d_sae), b_mag: new Float32Array(d_sae).fill(9) },
    }),
    // The gate is `pre`. A feature's magnitude is the product with the bias 9 in place of b_enc.
    features: pre.flatMap((values) => values.map((v, i) => (v > 0 ? Math.max(v - b_enc[i]! + 9, 0) : 0))),
    mistaken: pre.flatMap((values) => values.map((v, i) => (v >= 0 ? Math.max(v - b_enc[i]! + 9, 0) : 0))),
  },
};

async function using<T>(sae: Sae, options: SaeSessionOptions, use: (session: SaeSession) => Promise<T>) {
  const session = await SaeSession.open(sae, { threads: 1, ...options });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

describe.each(Object.entries(cases))("%s", (name, { sae, features, mistaken }) => {
  it("differs with ≥", () => {
    expect(mistaken).not.toEqual(features);
  });

  it.each<[string, SaeSessionOptions]>([
    ["whole", {}],
    ["block by block", { mostInMemory: 4 * d_in }],
    ["a row at a time", { maxFeatureValues: d_sae }],
  ])("encodes %s", async (_, options) => {
    await using(sae, options, async (session) => {
      expect([...(await session.encode(x)).features]).toEqual(features);
      const stretched: number[] = [];
      await session.encodeRows(rowsOf(x, d_in), (stretch) => {
        stretched.push(...stretch.features);
      });
      expect(stretched).toEqual(features);
    });
  });

  it("pools and counts", async () => {
    await using(sae, {}, async (session) => {
      const each = Array.from({ length: rows }, (_, row) => [row, row + 1] as const);
      for (const pooling of poolings)
        expect([...(await pool(session, rowsOf(x, d_in), each, pooling))], pooling).toEqual(features);
      const { l0, firings } = await tokenQuality(session, rowsOf(x, d_in), null);
      const active = Array.from({ length: rows }, (_, row) =>
        features.slice(row * d_sae, (row + 1) * d_sae).map((value) => (value > 0 ? 1 : 0)),
      );
      const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
      expect([...l0]).toEqual(active.map(sum));
      expect([...firings]).toEqual(b_enc.map((_, i) => sum(active.map((row) => row[i]!))));
    });
  });

  it("encodes a file", async () => {
    const [from, to] = ["in", "out"].map((place) => join(scratch, `${name}-${place}.safetensors`));
    writeSafetensors(from!, [{ name: "activations", dtype: "F32", shape: [rows, d_in], values: x }]);
    await encodeFile({ sae, activationsPath: from!, outPath: to!, threads: 1 });
    expect([...openSafetensors(to!).readFloat32("features")]).toEqual(features);
  });
});

it("an edit reads the chosen features of a JumpReLU SAE by the same rule", async () => {
  const { sae, features } = cases["jumprelu"]!;
  const chosen = [0, 1, 4];
  const k = chosen.length;
  const pick = (values: Float32Array) => Float32Array.from(chosen, (feature) => values[feature]!);
  // Columns as rows, as `take` gives them, to [d_in, k].
  const columns = sae.W_enc.take(1, chosen);
  const { edited } = await runEdit(
    {
      layer: 0,
      activation: "jumprelu",
      encoder: Float32Array.from(
        { length: d_in * k },
        (_, at) => columns[(at % k) * d_in + Math.floor(at / k)]!,
      ),
      bias: pick(sae.b_enc),
      decoder: sae.W_dec.take(0, chosen),
      threshold: pick(sae.threshold!),
      scale: new Float32Array(k),
      offset: new Float32Array(k),
    },
    x,
    [1, rows, d_in],
    [new Float32Array(k).fill(1)],
  );
  const expected = Array.from(x, (value, at) => {
    const [row, i] = [Math.floor(at / d_in), at % d_in];
    return chosen.reduce((left, f) => left - features[row * d_sae + f]! * W_dec[f * d_in + i]!, value);
  });
  expect([...edited]).toEqual(expected);
});

it("training by JumpReLU applies the same rule, to features and to their number", async () => {
  const graph = new Graph();
  const dims = [rows, d_sae];
  const input = graph.input("pre", "float32", dims);
  const log_threshold = graph.input("log_threshold", "float32", [d_sae]);
  const objective = jumpReLU({
    ...{ bandwidth: 0.5, d_sae, startL0: 1, thresholdRate: 1, sparsity: 1, sparsityWarmup: 0, steps: 1 },
  });
  if (!("activate" in objective)) throw new Error("JumpReLU chooses no fixed number of features");
  graph.output("features", objective.activate(input, { log_threshold }));
  graph.output("L0", objective.terms[0]!.build({ pre: input, own: { log_threshold } } as LossParts));
  const run = await open(graph);
  const found = await run({
    pre: { dtype: "float32", dims, data: pre.flat() },
    // θ = exp(0) = 1
    log_threshold: { dtype: "float32", dims: [d_sae], data: Array<number>(d_sae).fill(0) },
  });
  expect(pre.flat()).toContain(1);
  const above = pre.flat().filter((value) => value > 1);
  expect(found["features"]!.data).toEqual(pre.flat().map((value) => (value > 1 ? value : 0)));
  expect(found["L0"]!.data).toEqual([Math.fround(above.length / rows)]);
});
