/** Chooses the candidates, and measures what their controls are matched on. */

import type { Traits } from "../../../anatomy/controls/matched.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import type { Candidate } from "../../../anatomy/subject/subject.ts";
import type { Model } from "../../../model/model.ts";
import type { Tell } from "../../job/job-events.ts";
import type { OpenDictionary } from "../dictionaries/open-dictionary.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { CandidateEdits } from "../subject/candidate-edits.ts";
import { type Attributed, attributed } from "./attribution.ts";
import { chooseCandidates } from "./choose.ts";

export interface ChosenCandidates {
  candidates: Candidate[];
  /** What their controls are matched on. */
  traits: Traits;
  blockEvaluations: number;
}

interface Choosing {
  model: Model;
  memory: Memory;
  dictionaries: readonly OpenDictionary[];
  place: ScorePlace;
  /** Prompts of the fitting part, both sides. */
  fit: readonly ReadPrompt[];
  /** The refusal direction [d], of any length; null if there is none. */
  direction: Float64Array | null;
  /** The most candidates. */
  most: number;
  tell: Tell;
}

export async function candidatesOf(choosing: Choosing): Promise<ChosenCandidates> {
  const { dictionaries, fit, direction, most } = choosing;
  const geometry = dictionaries.map((dictionary) => geometryOf(dictionary, direction));
  const ranked = (runs: readonly Attributed[]) =>
    dictionaries.map(({ key, layer }, i) => ({
      ...{ key, layer, cosine: geometry[i]!.cosine },
      effects: runs.map(({ sums }) => sums[i]!.effect),
    }));
  const runs = [await attributed(fit, { ...choosing, under: null })];
  let candidates = chooseCandidates(ranked(runs), most);
  const features = dictionaries.reduce((sum, { sae }) => sum + sae.d_sae, 0);
  if (features > most) {
    // Once the first ones are gone, others may take over.
    const harmful = fit.filter(({ side }) => side === "harmful");
    const first = new CandidateEdits(candidates, dictionaries);
    const all = candidates.map((_, i) => i);
    const name = candidates.map(({ sae, feature }) => `${sae}/${feature}`).join(" ");
    const under = { name, edits: first.ablations(), masks: first.masks(all, 1) };
    runs.push(await attributed(harmful, { ...choosing, under }));
    candidates = chooseCandidates(ranked(runs), most);
  }
  const at = new Map(dictionaries.map(({ key }, i) => [key, i]));
  const [clean] = runs;
  const each = (of: (dictionary: number, feature: number) => number) =>
    Float64Array.from(candidates, ({ sae, feature }) => of(at.get(sae)!, feature));
  return {
    candidates,
    traits: {
      norm: each((i, feature) => {
        const { active, activation } = clean!.sums[i]!;
        return active[feature] === 0
          ? 0
          : (geometry[i]!.norm[feature]! * activation[feature]!) / active[feature]!;
      }),
      frequency: each((i, feature) => clean!.sums[i]!.active[feature]! / clean!.tokens),
      decoderCosine: each((i, feature) => geometry[i]!.cosine[feature]!),
    },
    blockEvaluations: runs.reduce((sum, run) => sum + run.blockEvaluations, 0),
  };
}

/** [features] norms of the decoder rows, and their cosines with the direction. */
function geometryOf({ sae: { d_sae, d_in }, decoder }: OpenDictionary, direction: Float64Array | null) {
  const norm = new Float64Array(d_sae);
  const cosine = new Float64Array(d_sae);
  const length = direction === null ? 0 : Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  for (let feature = 0; feature < d_sae; feature++) {
    let [square, product] = [0, 0];
    for (let j = 0; j < d_in; j++) {
      const value = decoder[feature * d_in + j]!;
      square += value * value;
      product += value * (direction?.[j] ?? 0);
    }
    norm[feature] = Math.sqrt(square);
    cosine[feature] = square === 0 || length === 0 ? 0 : product / (Math.sqrt(square) * length);
  }
  return { norm, cosine };
}
