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
import { FeaturePool } from "./feature-pool.ts";
import { integratedEffects } from "./integrated-effects.ts";

export interface ChosenCandidates {
  candidates: Candidate[];
  /** [candidates] cosine of the decoder row with the direction. */
  decoderCosine: Float64Array;
  /** What controls are drawn from. */
  pool: FeaturePool;
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
  /** Steps of integrated gradients, a third ranking; null does without. */
  integratedSteps: number | null;
  tell: Tell;
}

export async function candidatesOf(choosing: Choosing): Promise<ChosenCandidates> {
  const { model, dictionaries, fit, direction, most, integratedSteps: steps } = choosing;
  const geometry = dictionaries.map((dictionary) => geometryOf(dictionary, direction));
  const ranked = (rankings: readonly Ranking[]) =>
    dictionaries.map(({ key, layer }, i) => ({
      ...{ key, layer, cosine: geometry[i]!.cosine },
      effects: rankings.map((effects) => effects[i]!),
    }));
  const clean = await attributed(fit, { ...choosing, under: null });
  let { blockEvaluations } = clean;
  const rankings = [effectsOf(clean)];
  let candidates = chooseCandidates(ranked(rankings), most);
  const features = dictionaries.reduce((sum, { sae }) => sum + sae.d_sae, 0);
  if (features > most) {
    const harmful = fit.filter(({ side }) => side === "harmful");
    if (steps !== null) {
      const path = await integratedEffects(harmful, { ...choosing, steps });
      blockEvaluations += path.blockEvaluations;
      rankings.push(path.effects);
      candidates = chooseCandidates(ranked(rankings), most);
    }
    // Once the first ones are gone, others may take over.
    const first = new CandidateEdits(candidates, dictionaries);
    const all = candidates.map((_, i) => i);
    const name = candidates.map(({ sae, feature }) => `${sae}/${feature}`).join(" ");
    const edits = await model.holdEdits(first.ablations());
    try {
      const under = { name, edits, masks: first.masks(all, 1) };
      const ablated = await attributed(harmful, { ...choosing, under });
      blockEvaluations += ablated.blockEvaluations;
      rankings.push(effectsOf(ablated));
    } finally {
      await model.releaseEdits(edits);
    }
    candidates = chooseCandidates(ranked(rankings), most);
  }
  const pool = new FeaturePool(
    dictionaries,
    geometry.map((own, i) => traitsOf(own, clean, i)),
  );
  return {
    candidates,
    decoderCosine: Float64Array.from(candidates, (one) => pool.traits.decoderCosine[pool.indexOf(one)]!),
    ...{ pool, blockEvaluations },
  };
}

/** Below this share of the largest norm of its SAE, what a feature writes is rounding: it is silent. */
const leastNorm = 1e-4;

/** [features] what controls are matched on. */
function traitsOf(
  { norm: rows, cosine }: Geometry,
  { sums, tokens }: Attributed,
  dictionary: number,
): Traits {
  const { active, activation } = sums[dictionary]!;
  const written = rows.map((row, f) => (active[f] === 0 ? 0 : (row * activation[f]!) / active[f]!));
  const least = leastNorm * written.reduce((most, value) => Math.max(most, value), 0);
  const speaks = (f: number) => written[f]! > least;
  return {
    norm: written.map((value, f) => (speaks(f) ? value : 0)),
    frequency: active.map((count, f) => (speaks(f) ? count / tokens : 0)),
    decoderCosine: cosine,
  };
}

/** By dictionary: [features] estimated effects of ablation. */
type Ranking = readonly Float64Array[];

const effectsOf = ({ sums }: Attributed): Ranking => sums.map(({ effect }) => effect);

/** [features] norms of the decoder rows, and their cosines with the direction. */
interface Geometry {
  norm: Float64Array;
  cosine: Float64Array;
}

function geometryOf(
  { sae: { d_sae, d_in }, decoder }: OpenDictionary,
  direction: Float64Array | null,
): Geometry {
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
