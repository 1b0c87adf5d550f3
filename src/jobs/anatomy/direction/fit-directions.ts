/** Fits the candidate directions: differences of mean residuals at every wanted layer and position. */

import type { CandidatePlace } from "../../../anatomy/direction/choose.ts";
import { DifferenceOfMeans, norm } from "../../../anatomy/direction/means.ts";
import type { SideRow } from "../../../anatomy/direction/split-half.ts";
import type { Edit, EditMasks } from "../../../model/engine/edits/edit.ts";
import type { Model } from "../../../model/model.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { PlacedVector } from "./direction-edits.ts";

/** Below this share of the means' length a difference is rounding: the embeddings of one token of the template. */
const noDifference = 1e-9;

export interface Fitted {
  /** In rising order of layer, then position. Places whose means do not differ are left out. */
  candidates: PlacedVector[];
  blockEvaluations: number;
}

/** The tokens that all prompts of the job begin with, and the edits under which residuals are read. */
export interface Under {
  start: readonly number[];
  edits: readonly Edit[];
  masks: EditMasks;
}

/** Residuals at places of each prompt. @param take gets [d], valid only during the call */
export async function readResiduals(
  model: Model,
  prompts: readonly ReadPrompt[],
  places: { layers: readonly number[]; positions: readonly number[] },
  under: Under,
  take: (prompt: ReadPrompt, place: CandidatePlace, row: Float32Array) => void,
): Promise<number> {
  const { hiddenSize: d } = model.checkpoint.config;
  const { layers, positions } = places;
  const sites = layers.map((layer) =>
    layer < 0 ? ({ layer: 0, site: "embed" } as const) : ({ layer, site: "resid_post" } as const),
  );
  const { blockEvaluations } = await model.measure(
    prompts.map(({ id, ids }) => ({
      ...{ id, ids, masks: under.masks },
      positions: [],
    })),
    { edits: under.edits, start: under.start, watch: [], want: { residuals: sites } },
    ({ index, residuals }) => {
      const prompt = prompts[index]!;
      layers.forEach((layer, i) => {
        for (const position of positions) {
          const at = (prompt.ids.length + position) * d;
          take(prompt, { layer, position }, residuals[i]!.subarray(at, at + d));
        }
      });
    },
  );
  return blockEvaluations;
}

/** @throws FathomError for a prompt that is shorter than a position */
export async function fitDirections(
  model: Model,
  prompts: readonly ReadPrompt[],
  places: { layers: readonly number[]; positions: readonly number[] },
  start: readonly number[],
): Promise<Fitted> {
  const { hiddenSize } = model.checkpoint.config;
  const means = new Map<string, DifferenceOfMeans>();
  const of = ({ layer, position }: CandidatePlace): DifferenceOfMeans => {
    const key = `${layer} ${position}`;
    const found = means.get(key) ?? new DifferenceOfMeans(hiddenSize);
    means.set(key, found);
    return found;
  };
  const blockEvaluations = await readResiduals(
    model,
    prompts,
    places,
    { start, edits: [], masks: [] },
    ({ side }, place, row) => {
      of(place).add(side, row);
    },
  );
  const candidates = places.layers.flatMap((layer) =>
    places.positions.flatMap((position) => {
      const mean = of({ layer, position });
      const vector = mean.difference();
      return norm(vector) > noDifference * mean.scale() ? [{ layer, position, vector }] : [];
    }),
  );
  return { candidates, blockEvaluations };
}

/** The rows [d] of all prompts at one place, for split halves and refits. */
export async function rowsAt(
  model: Model,
  prompts: readonly ReadPrompt[],
  { layer, position }: CandidatePlace,
  under: Under,
): Promise<{ rows: SideRow[]; blockEvaluations: number }> {
  const rows: SideRow[] = [];
  const places = { layers: [layer], positions: [position] };
  const blockEvaluations = await readResiduals(model, prompts, places, under, ({ side, cluster }, _, row) => {
    rows.push({ side, cluster, row: row.slice() });
  });
  return { rows, blockEvaluations };
}
