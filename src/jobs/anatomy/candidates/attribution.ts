/**
 * A first-order estimate of what each feature does to the refusal score, for all features of all SAEs in one backward pass: a
 * feature that writes a·D into the stream, where the score has the gradient g, takes a·(D·g) with it when it is ablated.
 * Residuals and gradients stay in memory; only one sum per feature is kept.
 */
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import { joinFloats } from "../../../core/floats.ts";
import { collectArrays } from "../../../model/checkpoint/collect-garbage.ts";
import type { EditMasks } from "../../../model/engine/edits/edit.ts";
import type { HeldEdits } from "../../../model/engine/edits/held-edits.ts";
import type { Model } from "../../../model/model.ts";
import { eachActive } from "../../../sae/code/active.ts";
import { rowsOf } from "../../../sae/code/rows.ts";
import type { Tell } from "../../job/job-events.ts";
import type { OpenDictionary } from "../dictionaries/open-dictionary.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";

/** Sums over prompts, for the features of one SAE. */
export interface FeatureSums {
  /** [features] estimated change of the score, in log-odds, as the feature is ablated at every token; summed over prompts. */
  effect: Float64Array;
  /** [features] tokens at which it is active. */
  active: Float64Array;
  /** [features] its activations at these tokens, in units of its decoder row. */
  activation: Float64Array;
}

export interface Attributed {
  /** By dictionary. */
  sums: FeatureSums[];
  prompts: number;
  tokens: number;
  blockEvaluations: number;
}

interface Attributing {
  model: Model;
  memory: Memory;
  dictionaries: readonly OpenDictionary[];
  place: ScorePlace;
  /** What is ablated meanwhile, the same in every row; `name` says it to the memory. */
  under: { name: string; edits: HeldEdits; masks: EditMasks } | null;
  tell: Tell;
}

/** Prompts that a kill can lose, and whose residuals and gradients are in memory together. */
const atATime = 12;

export async function attributed(prompts: readonly ReadPrompt[], parts: Attributing): Promise<Attributed> {
  const { memory, dictionaries, place, under, tell } = parts;
  const total: Attributed = {
    sums: dictionaries.map(({ sae }) => ({
      effect: new Float64Array(sae.d_sae),
      active: new Float64Array(sae.d_sae),
      activation: new Float64Array(sae.d_sae),
    })),
    ...{ prompts: 0, tokens: 0, blockEvaluations: 0 },
  };
  for (let from = 0; from < prompts.length; from += atATime) {
    tell({ kind: "counted", what: "attribution", done: from, total: prompts.length, unit: "measurements" });
    const rows = prompts
      .slice(from, from + atATime)
      .map(({ id, ids }) => ({ id, ids: [...ids, ...place.prefix] }));
    const inputs = {
      rows: rows.map(({ ids }) => ids),
      tokens: [...place.tokens],
      saes: dictionaries.map(({ key, sae }) => [key, sae.identity()]),
      under: under?.name ?? null,
    };
    collectArrays();
    const piece = await memory.recall("attribution", inputs, () => attributedPiece(rows, parts));
    piece.sums.forEach((sums, i) => {
      add(total.sums[i]!.effect, sums.effect);
      add(total.sums[i]!.active, sums.active);
      add(total.sums[i]!.activation, sums.activation);
    });
    total.prompts += piece.prompts;
    total.tokens += piece.tokens;
    total.blockEvaluations += piece.blockEvaluations;
  }
  return total;
}

async function attributedPiece(
  rows: readonly { id: string; ids: number[] }[],
  { model, dictionaries, place, under }: Attributing,
): Promise<Attributed> {
  const layers = [...new Set(dictionaries.map(({ layer }) => layer))];
  const edits = under?.edits ?? [];
  const masks = under === null ? {} : { masks: under.masks };
  /** By prompt, then by layer: [tokens, d]. */
  const residuals: Float32Array[][] = [];
  const gradients: Float32Array[][] = [];
  const { forward, backward } = await model.gradients(
    rows.map(({ id, ids }) => ({
      ...{ id, ids, ...masks },
      objective: { kind: "log_odds" as const, position: ids.length - 1, tokens: place.tokens },
    })),
    { edits, sites: layers.map((layer) => ({ layer, site: "resid_post" as const })), values: true },
    ({ index, sites, values }) => {
      residuals[index] = values;
      gradients[index] = sites;
    },
  );
  const sums: FeatureSums[] = [];
  for (const dictionary of dictionaries) {
    const at = layers.indexOf(dictionary.layer);
    const x = joinFloats(residuals.map((row) => row[at]!));
    const g = joinFloats(gradients.map((row) => row[at]!));
    sums.push(await sumsOf(dictionary, x, g));
  }
  return {
    sums,
    prompts: rows.length,
    tokens: rows.reduce((count, { ids }) => count + ids.length, 0),
    // A backward pass through a block costs about as much as two forward passes.
    blockEvaluations: forward + 2 * backward,
  };
}

/** @param x residuals @param g gradients of the score, [tokens, d] each */
async function sumsOf(
  { sae, session, decoder }: OpenDictionary,
  x: Float32Array<ArrayBuffer>,
  g: Float32Array,
): Promise<FeatureSums> {
  const { d_in, d_sae } = sae;
  const effect = new Float64Array(d_sae);
  const active = new Float64Array(d_sae);
  const activation = new Float64Array(d_sae);
  await session.encodeRows(rowsOf(x, d_in), (stretch) => {
    eachActive(stretch, d_sae, (row, feature, value) => {
      let product = 0;
      for (let j = 0; j < d_in; j++) product += decoder[feature * d_in + j]! * g[row * d_in + j]!;
      const scale = stretch.scale === null ? 1 : stretch.scale[row - stretch.from]!;
      effect[feature]! -= value * scale * product;
      active[feature]! += 1;
      activation[feature]! += value * scale;
    });
  });
  return { effect, active, activation };
}

function add(total: Float64Array, part: Float64Array): void {
  for (let i = 0; i < part.length; i++) total[i]! += part[i]!;
}
