/** All features of the SAEs, candidates or not: controls are drawn from them. */
import type { Traits } from "../../../anatomy/controls/matched.ts";
import type { Candidate } from "../../../anatomy/subject/subject.ts";
import type { Dictionary } from "../dictionaries/dictionary.ts";

export class FeaturePool {
  readonly features: readonly Candidate[];
  /** [features] */
  readonly traits: Traits;
  readonly #starts: ReadonlyMap<string, number>;

  /** @param traits of each dictionary, [its features] */
  constructor(dictionaries: readonly Dictionary[], traits: readonly Traits[]) {
    this.features = dictionaries.flatMap(({ key, layer, sae }) =>
      Array.from({ length: sae.d_sae }, (_, feature) => ({ sae: key, layer, feature })),
    );
    const joined = (of: (own: Traits) => Float64Array) =>
      Float64Array.from(traits.flatMap((own) => [...of(own)]));
    this.traits = {
      norm: joined(({ norm }) => norm),
      frequency: joined(({ frequency }) => frequency),
      decoderCosine: joined(({ decoderCosine }) => decoderCosine),
    };
    const starts = new Map<string, number>();
    let start = 0;
    for (const { key, sae } of dictionaries) {
      starts.set(key, start);
      start += sae.d_sae;
    }
    this.#starts = starts;
  }

  /** @param candidate of one of the dictionaries */
  indexOf({ sae, feature }: Candidate): number {
    return this.#starts.get(sae)! + feature;
  }
}
