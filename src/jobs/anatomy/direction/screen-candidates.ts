/**
 * Estimates the bypass of every candidate at once: the score's gradient with respect to how far each direction is removed from
 * what is written to the residual stream, at the clean run. Removing a direction from everything that is written removes it
 * from the stream too, so the blocks' outputs are no sites here: each write would count again at every block above it.
 */
import { unit } from "../../../anatomy/direction/means.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import { ablationEdits, ablationMasks, type PlacedVector } from "./direction-edits.ts";
import type { DirectionStudy } from "./study.ts";

const writes = ["attn_out", "mlp_out"] as const;

/** @returns [candidates] the mean score of the harmful prompts under ablation, to first order */
export async function screenCandidates(
  { interventions: { model }, validate: { harmful }, memory }: DirectionStudy,
  candidates: readonly PlacedVector[],
  { prefix, tokens }: ScorePlace,
): Promise<{ estimates: number[]; blockEvaluations: number }> {
  const places = candidates.map(({ layer, position }) => [layer, position]);
  const { estimates, blockEvaluations } = await memory.recall(
    "estimates of the directions",
    { places },
    async () => {
      const layers = model.checkpoint.config.layers.length;
      const edits = ablationEdits(
        layers,
        candidates.map(({ vector }) => unit(vector)),
        writes,
      );
      const masks = ablationMasks(edits, []);
      const requests = harmful.map(({ id, ids }) => ({
        ...{ id, ids: [...ids, ...prefix], masks },
        objective: { kind: "log_odds" as const, position: ids.length + prefix.length - 1, tokens },
      }));
      const sums = new Float64Array(candidates.length);
      const cost = await model.gradients(
        requests,
        { edits, masks: "summed", sites: [] },
        ({ value, masks: gradients }) => {
          for (let i = 0; i < sums.length; i++) {
            sums[i]! += value;
            for (const gradient of gradients) sums[i]! += gradient[i]!;
          }
        },
      );
      // A backward pass through a block costs about as much as two forward passes.
      return {
        estimates: sums.map((sum) => sum / harmful.length),
        blockEvaluations: cost.forward + 2 * cost.backward,
      };
    },
  );
  return { estimates: [...estimates], blockEvaluations };
}
