/**
 * The true SAEs of a circuit: one for each block that writes features of the dictionary. Beside these features an SAE has the
 * background directions, and a part of each token of the answers. The error keeps the harm, the readout, and enough of each
 * token that the text goes on when every feature is ablated (unless the description says whole_tokens).
 */
import type { Random } from "../../core/random.ts";
import { inMemory } from "../../sae/code/matrix.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../../sae/code/sae.ts";
import { residPost, siteOf } from "../../sae/code/site.ts";
import type { Place } from "./facts.ts";
import { amplitude, backgrounds, names, type Plan } from "./plan.ts";

export interface Dictionary {
  /** Folder inside the circuit's folder. */
  folder: string;
  layer: number;
  sae: Sae;
  /** By index: the circuit's name of the feature, or null for the others. */
  features: readonly (string | null)[];
}

interface Row {
  name: string | null;
  direction: string;
  /** The feature's activation per unit of the coordinate. */
  gain: number;
}

/** The share of a token of the answers that is in the dictionary. The rest stays in the error. */
const partOfToken = 0.6;
/** What is subtracted before ReLU, and the threshold of JumpReLU: noise stays below it, so a silent feature is exactly 0. */
const reluBias = 0.4;
const jumpThreshold = 1;
/** More than are ever active together. */
const mostActive = 16;

/** @param model name of the model that the SAEs state */
export function makeDictionaries(plan: Plan, model: string, rng: Random): Dictionary[] {
  const { circuit, logic } = plan;
  const layers = new Set(logic.dictionary.map((name) => circuit.features[name]!.block));
  return [...layers].map((layer) => {
    const own = logic.dictionary.filter((name) => circuit.features[name]!.block === layer);
    const rows: Row[] = [
      ...own.map((name) => ({ name, direction: names.feature(name), gain: 1 })),
      ...backgrounds.map((direction) => ({ name: null, direction, gain: 1 })),
      ...Array.from(plan.text.successors.keys(), (token) => ({
        name: null,
        direction: names.identity(token),
        gain: circuit.whole_tokens ? 1 : partOfToken,
      })),
    ];
    const ordered = rng.split(layer).shuffle(rows);
    return {
      folder: folderOf(layer),
      layer,
      sae: saeOf(plan, model, layer, ordered),
      features: ordered.map(({ name }) => name),
    };
  });
}

function folderOf(layer: number): string {
  return `sae/blocks.${layer}`;
}

/** @throws RangeError for a feature that no SAE has (a bug) */
export function placeOf(dictionaries: readonly Dictionary[], name: string): Place {
  for (const { folder, layer, features } of dictionaries) {
    const feature = features.indexOf(name);
    if (feature >= 0) return { name, sae: folder, layer, feature };
  }
  throw new RangeError(`placeOf: expected a feature of the dictionary, found "${name}"`);
}

function saeOf({ circuit, basis }: Plan, model: string, layer: number, rows: readonly Row[]): Sae {
  const [d, k] = [basis.width, rows.length];
  const encoder = new Float32Array(d * k);
  const decoder = new Float32Array(k * d);
  rows.forEach(({ direction, gain }, feature) => {
    basis.read([[direction, gain]]).forEach((value, i) => (encoder[i * k + feature] = value));
    decoder.set(basis.write([[direction, 1]]), feature * d);
  });
  const jumps = circuit.dictionary === "jumprelu";
  const parts: SaeParts = {
    format: "circuit",
    path: `${model}/${folderOf(layer)}`,
    d_in: d,
    d_sae: k,
    kind: circuit.dictionary === "relu" ? "standard" : circuit.dictionary,
    W_enc: inMemory(encoder, [d, k]),
    b_enc: new Float32Array(k).fill(jumps ? 0 : -reluBias),
    W_dec: inMemory(decoder, [k, d]),
    b_dec: Float32Array.from(basis.write([[names.one, amplitude.one]])),
    threshold: jumps ? new Float32Array(k).fill(jumpThreshold) : null,
    k: circuit.dictionary === "topk" ? mostActive : null,
    magnitude: null,
    applyBDecToInput: true,
    normalize: "none",
    rescaleByDecoderNorm: false,
    site: siteOf(residPost(layer), model),
    stated: nothingStated,
    notes: [],
  };
  return makeSae(parts);
}
