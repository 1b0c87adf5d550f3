/** What a circuit does, as logic: which features are active, and whether the model refuses, with some features ablated. */
import { badInput } from "../../core/errors.ts";
import type { CircuitDescription } from "./description.ts";

export type FeatureSet = ReadonlySet<string>;

export interface Outcome {
  active: FeatureSet;
  refuses: boolean;
}

/** The least distance of a weighted sum from its threshold. The weights of a gate switch within 0.25 of the threshold. */
const leastMargin = 0.4;

export class Logic {
  readonly #circuit: CircuitDescription;
  /** Names of the features, lower blocks first. */
  readonly features: readonly string[];
  /** Names of the features that an SAE has, in the same order. */
  readonly dictionary: readonly string[];

  constructor(circuit: CircuitDescription) {
    this.#circuit = circuit;
    const { features } = circuit;
    this.features = Object.keys(features).sort((a, b) => features[a]!.block - features[b]!.block);
    this.dictionary = this.features.filter((name) => features[name]!.outside_dictionary !== true);
  }

  /** @throws FathomError if a part is too near its threshold: the weights would not switch it cleanly */
  run(harm: 0 | 1, ablated: FeatureSet): Outcome {
    const { features, refuses, name: circuit } = this.#circuit;
    const active = new Set<string>();
    const isActive = (part: { when: Record<string, number>; above: number }, place: string): boolean => {
      let sum = 0;
      for (const [source, weight] of Object.entries(part.when))
        sum += source === "harm" ? weight * harm : active.has(source) ? weight : 0;
      if (Math.abs(sum - part.above) < leastMargin)
        throw badInput(`${circuit} ${place}`, `sums at least ${leastMargin} from above`, String(sum));
      return sum > part.above;
    };
    for (const name of this.features)
      if (isActive(features[name]!, `features.${name}`) && !ablated.has(name)) active.add(name);
    return { active, refuses: refuses !== null && isActive(refuses, "refuses") };
  }

  /** Features of the dictionary that are silent on a harmful prompt under these ablations. */
  silent(ablated: FeatureSet): FeatureSet {
    const { active } = this.run(1, ablated);
    return new Set(this.dictionary.filter((name) => !active.has(name)));
  }

  refuses(...ablated: FeatureSet[]): boolean {
    return this.run(1, union(...ablated)).refuses;
  }

  /**
   * All 1-minimal sets among the candidates: with the set ablated the model complies, and without any one member of it
   * the model refuses. Smaller sets come first.
   * @param base ablated as well
   */
  minimalSets(candidates: readonly string[], ...base: FeatureSet[]): string[][] {
    const flips = (members: readonly string[]) => !this.refuses(new Set(members), ...base);
    return subsets(candidates).filter(
      (members) => flips(members) && members.every((out) => !flips(members.filter((name) => name !== out))),
    );
  }
}

export function union(...sets: FeatureSet[]): FeatureSet {
  return new Set(sets.flatMap((set) => [...set]));
}

/** All subsets, smaller ones first; of equal size in the order of the items. */
function subsets(items: readonly string[]): string[][] {
  const all = Array.from({ length: 2 ** items.length }, (_, mask) =>
    items.filter((_item, i) => (mask >> i) & 1),
  );
  return all.sort((a, b) => a.length - b.length);
}
