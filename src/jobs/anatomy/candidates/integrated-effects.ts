/**
 * Integrated gradients of all features of an SAE, with respect to how far each is ablated. SAE by SAE: while the features of one
 * are ablated step by step, those of the others are left alone.
 */
import { integrated } from "../../../anatomy/ranking/ranking.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import type { Model } from "../../../model/model.ts";
import { editOf } from "../../../sae/code/edit.ts";
import type { Tell } from "../../job/job-events.ts";
import type { Dictionary } from "../dictionaries/dictionary.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";

interface IntegratedEffects {
  /** By dictionary: [features] estimated change of the score, in log-odds, as the feature is ablated; summed over prompts. */
  effects: Float64Array[];
  blockEvaluations: number;
}

interface Integrating {
  model: Model;
  memory: Memory;
  dictionaries: readonly Dictionary[];
  place: ScorePlace;
  steps: number;
  tell: Tell;
}

/** Prompts that a kill can lose, and that are differentiated together. */
const atATime = 16;

export async function integratedEffects(
  prompts: readonly ReadPrompt[],
  parts: Integrating,
): Promise<IntegratedEffects> {
  const { memory, dictionaries, place, steps, tell } = parts;
  const total: IntegratedEffects = { effects: [], blockEvaluations: 0 };
  for (const dictionary of dictionaries) {
    const { key, sae } = dictionary;
    const effect = new Float64Array(sae.d_sae);
    for (let from = 0; from < prompts.length; from += atATime) {
      const what = `integrated gradients, ${key}`;
      tell({ kind: "counted", what, done: from, total: prompts.length, unit: "measurements" });
      const rows = prompts
        .slice(from, from + atATime)
        .map(({ id, ids }) => ({ id, ids: [...ids, ...place.prefix] }));
      const inputs = {
        ...{ rows: rows.map(({ ids }) => ids), tokens: [...place.tokens] },
        ...{ sae: [key, sae.identity()], steps },
      };
      const piece = await memory.recall("integrated gradients", inputs, () =>
        pieceOf(rows, dictionary, parts),
      );
      piece.effect.forEach((value, f) => (effect[f]! += value));
      total.blockEvaluations += piece.blockEvaluations;
    }
    total.effects.push(effect);
  }
  return total;
}

async function pieceOf(
  rows: readonly { id: string; ids: number[] }[],
  { sae, layer }: Dictionary,
  { model, place, steps }: Integrating,
): Promise<{ effect: Float64Array; blockEvaluations: number }> {
  const all = Array.from({ length: sae.d_sae }, (_, feature) => feature);
  const edits = await model.holdEdits([editOf(sae, layer, all, { scale: 0 })]);
  let blockEvaluations = 0;
  const gradientAt = async (strength: number): Promise<Float64Array> => {
    const sum = new Float64Array(sae.d_sae);
    const masks = [new Float32Array(sae.d_sae).fill(strength)];
    const { forward, backward } = await model.gradients(
      rows.map(({ id, ids }) => ({
        ...{ id, ids, masks },
        objective: { kind: "log_odds" as const, position: ids.length - 1, tokens: place.tokens },
      })),
      { edits, sites: [], masks: "summed" },
      ({ masks: [gradient] }) => {
        gradient!.forEach((value, f) => (sum[f]! += value));
      },
    );
    // A backward pass through a block costs about as much as two forward passes.
    blockEvaluations += forward + 2 * backward;
    return sum;
  };
  try {
    return { effect: await integrated(gradientAt, steps), blockEvaluations };
  } finally {
    await model.releaseEdits(edits);
  }
}
