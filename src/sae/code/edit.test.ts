/** An SAE's edit does what decoding changed features does, for every kind and normalization of SAELens's fixtures. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runEdit } from "../../../test/support/edit.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { openSae } from "../formats/open-sae.ts";
import { editOf, type FeatureTarget } from "./edit.ts";
import { inMemory } from "./matrix.ts";
import { makeSae, nothingStated, type Sae } from "./sae.ts";
import { SaeSession } from "./sae-session.ts";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/sae/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${fixtures}cases.json`, "utf8")) as { cases: { name: string }[] };

/** x + decode(changed features) − decode(features): the SAE's error stays. */
async function decoded(
  sae: Sae,
  x: Float32Array<ArrayBuffer>,
  change: (feature: number, value: number) => number,
) {
  const session = await SaeSession.open(sae, { threads: 1 });
  const encoded = await session.encode(x);
  const before = await session.decode(encoded);
  const features = encoded.features.map((value, at) => change(at % sae.d_sae, value));
  const after = await session.decode({ ...encoded, features });
  await session.close();
  return { edited: x.map((value, at) => value + after[at]! - before[at]!), features: encoded.features };
}

async function compare(sae: Sae, x: Float32Array<ArrayBuffer>): Promise<void> {
  const { d_in, d_sae } = sae;
  const tokens = x.length / d_in;
  const chosen = [5, 0, 3, 7].filter((feature) => feature < d_sae);
  const mask = Float32Array.from(chosen, (_, i) => (i === 1 ? 0 : 1));
  for (const target of [{ scale: 0 }, { scale: 0.5 }, { value: 2 }] satisfies FeatureTarget[]) {
    const edit = editOf(sae, 1, chosen, target);
    const found = await runEdit(edit, x, [1, tokens, d_in], [mask]);
    const expected = await decoded(sae, x, (feature, value) => {
      const at = chosen.indexOf(feature);
      if (at < 0 || mask[at] === 0) return value;
      return "scale" in target ? target.scale * value : target.value;
    });
    for (const [at, value] of expected.edited.entries()) expect(found.edited[at]).toBeCloseTo(value, 4);
    for (let token = 0; token < tokens; token++)
      for (const [i, feature] of chosen.entries())
        expect(found.activations[token * chosen.length + i]).toBeCloseTo(
          expected.features[token * d_sae + feature]!,
          4,
        );
    expect(Math.max(...found.moved)).toBeGreaterThan(0);
  }
}

describe.each(cases)("$name", ({ name }) => {
  it("edits as it decodes", async () => {
    const inputs = openSafetensors(`${fixtures}${name}/expected.safetensors`).readFloat32("inputs");
    await compare(openSae(`${fixtures}${name}`), inputs);
  });
});

it("groups: the largest of each is active", async () => {
  const [d, m] = [4, 8];
  const values = (n: number, by: number) =>
    Float32Array.from({ length: n }, (_, i) => Math.sin(by * (i + 1)));
  const sae = makeSae({
    ...{ format: "made", path: "groupmax", d_in: d, d_sae: m, kind: "groupmax", k: 2 },
    ...{ W_enc: inMemory(values(d * m, 1.3), [d, m]), W_dec: inMemory(values(m * d, 0.7), [m, d]) },
    ...{ b_enc: values(m, 0.3), b_dec: values(d, 0.9), threshold: null, magnitude: null },
    ...{ applyBDecToInput: true, normalize: "none", rescaleByDecoderNorm: false },
    ...{ site: null, stated: nothingStated, notes: [] },
  });
  await compare(sae, values(d * 6, 2.1));
});
