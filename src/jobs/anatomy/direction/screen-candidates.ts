/**
 * Estimates what every candidate does, all at once and to first order: the gradient of the score with respect to how far each
 * direction is removed, or each vector is added, at the clean run.
 */
import { unit } from "../../../anatomy/direction/means.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import type { Edit, EditMasks } from "../../../model/engine/edits/edit.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { ablationEdits, ablationMasks, additions, type PlacedVector, writes } from "./direction-edits.ts";
import type { DirectionStudy } from "./study.ts";

export interface Estimates {
  /** [candidates] mean scores */
  estimates: number[];
  blockEvaluations: number;
}

/** The bypass: the score of the harmful prompts while each direction is ablated. */
export async function estimateBypass(
  study: DirectionStudy,
  candidates: readonly PlacedVector[],
  deciding: ScorePlace,
): Promise<Estimates> {
  return await recalled(study, "estimates of bypass", candidates, async () => {
    const layers = study.interventions.model.checkpoint.config.layers.length;
    const units = candidates.map(({ vector }) => unit(vector));
    const edits = ablationEdits(layers, units, writes);
    const vectors = edits.map(() => [...candidates.keys()]);
    const change = { edits, vectors, masks: ablationMasks(edits, []) };
    return await firstOrder(study, candidates.length, study.validate.harmful, deciding, change);
  });
}

/** The score of the harmless prompts while each vector is added. */
export async function estimateInduce(
  study: DirectionStudy,
  candidates: readonly PlacedVector[],
  deciding: ScorePlace,
): Promise<Estimates> {
  return await recalled(study, "estimates of induce", candidates, async () => {
    const { edits, vectors, masks } = additions(candidates);
    const change = { edits, vectors, masks: masks(0, 0) };
    return await firstOrder(study, candidates.length, study.validate.harmless, deciding, change);
  });
}

async function recalled(
  { memory }: DirectionStudy,
  what: string,
  candidates: readonly PlacedVector[],
  estimate: () => Promise<Estimates>,
): Promise<Estimates> {
  const places = candidates.map(({ layer, position }) => [layer, position]);
  return await memory.recall(what, { places }, estimate);
}

/** Edits that change nothing at the masks given, and by edit the candidates that its features belong to. */
interface Change {
  edits: readonly Edit[];
  vectors: readonly (readonly number[])[];
  masks: EditMasks;
}

async function firstOrder(
  { interventions: { model } }: DirectionStudy,
  count: number,
  prompts: readonly ReadPrompt[],
  { prefix, tokens }: ScorePlace,
  { edits, vectors, masks }: Change,
): Promise<Estimates> {
  const sums = new Float64Array(count);
  const cost = await model.gradients(
    prompts.map(({ id, ids }) => ({
      ...{ id, ids: [...ids, ...prefix], masks },
      objective: { kind: "log_odds" as const, position: ids.length + prefix.length - 1, tokens },
    })),
    { edits, masks: "summed", sites: [] },
    ({ value, masks: gradients }) => {
      for (let i = 0; i < count; i++) sums[i]! += value;
      vectors.forEach((own, edit) => {
        own.forEach((vector, f) => (sums[vector]! += gradients[edit]![f]!));
      });
    },
  );
  return {
    estimates: Array.from(sums, (sum) => sum / prompts.length),
    // A backward pass through a block costs about as much as two forward passes.
    blockEvaluations: cost.forward + 2 * cost.backward,
  };
}
