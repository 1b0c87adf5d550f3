/** The candidates as edits of the model: one edit per SAE, which ablates its candidates. A row's masks say which, and how far. */
import type { Candidate, FeatureSet } from "../../../anatomy/subject/subject.ts";
import { random } from "../../../core/random.ts";
import type { Edit } from "../../../model/engine/edits/edit.ts";
import { editOf } from "../../../sae/code/edit.ts";
import type { Dictionary } from "../dictionaries/dictionary.ts";

/** Some candidates by dictionary: `members` of each are in the order of its edit's features. */
interface Part {
  dictionary: Dictionary;
  members: readonly number[];
}

export class CandidateEdits {
  readonly candidates: readonly Candidate[];
  readonly #parts: readonly Part[];
  /** [candidates] index of the edit, and of the feature in it. */
  readonly #places: readonly { edit: number; at: number }[];
  /** [edits] when each is applied: by its block, and in one block in the order of the edits. */
  readonly #order: readonly number[];

  constructor(candidates: readonly Candidate[], dictionaries: readonly Dictionary[]) {
    this.candidates = candidates;
    this.#parts = partsOf(
      candidates.map((_, i) => i),
      candidates,
      dictionaries,
    );
    const places: { edit: number; at: number }[] = [];
    this.#parts.forEach(({ members }, edit) => {
      members.forEach((candidate, at) => {
        places[candidate] = { edit, at };
      });
    });
    this.#places = places;
    const layerOf = (edit: number) => this.#parts[edit]!.dictionary.layer;
    const applied = [...this.#parts.keys()].sort((a, b) => layerOf(a) - layerOf(b) || a - b);
    this.#order = this.#parts.map((_, edit) => applied.indexOf(edit));
  }

  /** One edit per SAE that has candidates: each candidate is held at zero where its mask is 1. */
  ablations(): Edit[] {
    return this.#parts.map((part) => this.#edit(part, { scale: 0 }));
  }

  /** @returns one mask per edit of `ablations` */
  masks(off: FeatureSet, strength: number): Float32Array[] {
    const masks = this.#parts.map(({ members }) => new Float32Array(members.length));
    for (const candidate of off) {
      const { edit, at } = this.#places[candidate]!;
      masks[edit]![at] = strength;
    }
    return masks;
  }

  /**
   * The members of a set whose ablation changes something, or may. Features that are silent where nothing below has changed stay silent,
   * and the ablation of a silent feature changes no bit: they are left out up to the first edit with a member that is active.
   * @param activity [candidates] on the clean run
   */
  effective(off: FeatureSet, activity: Float32Array): FeatureSet {
    const orderOf = (candidate: number) => this.#order[this.#places[candidate]!.edit]!;
    const first = off.reduce(
      (least, candidate) => (activity[candidate] === 0 ? least : Math.min(least, orderOf(candidate))),
      Number.POSITIVE_INFINITY,
    );
    return off.filter((candidate) => {
      const order = orderOf(candidate);
      return order > first || (order === first && activity[candidate] !== 0);
    });
  }

  /** [candidates] from one row of numbers per edit of `ablations`. */
  gathered(byEdit: readonly Float32Array[]): Float32Array {
    return Float32Array.from(this.#places, ({ edit, at }) => byEdit[edit]![at]!);
  }

  /**
   * Edits that set some candidates: first those that ablate them, then those that add them back. A row's masks of the first say
   * whether, of the second to which value, so that rows with other values share the edits.
   */
  settings(some: FeatureSet): {
    edits: Edit[];
    masks: (values: ReadonlyMap<number, number>) => Float32Array[];
  } {
    const parts = this.#only(some);
    const ablations = parts.map((part) => this.#edit(part, { scale: 0 }));
    return {
      edits: [...ablations, ...ablations.map(added)],
      masks: (values) => [
        ...parts.map(({ members }) => new Float32Array(members.length).fill(1)),
        ...parts.map(({ members }) => Float32Array.from(members, (candidate) => values.get(candidate)!)),
      ],
    };
  }

  /**
   * Edits that change the stream by as much as the ablation of `like` does, at the same tokens, in random directions.
   * @param name names the directions: the same name gives the same ones
   */
  randomChanges(like: FeatureSet, name: string): Edit[] {
    return this.#only(like).map((part) => {
      const edit = this.#edit(part, { scale: 0 });
      const d = edit.decoder.length / part.members.length;
      const decoder = new Float32Array(edit.decoder.length);
      part.members.forEach((candidate, i) => {
        const row = edit.decoder.subarray(i * d, (i + 1) * d);
        decoder.set(withNorm(random(`${name}/${this.#nameOf(candidate)}`), row), i * d);
      });
      return { ...edit, decoder };
    });
  }

  #nameOf(candidate: number): string {
    const { sae, feature } = this.candidates[candidate]!;
    return `${sae}/${feature}`;
  }

  #only(some: readonly number[]): Part[] {
    return partsOf(
      [...some].sort((a, b) => a - b),
      this.candidates,
      this.#parts.map(({ dictionary }) => dictionary),
    );
  }

  #edit({ dictionary: { sae, layer }, members }: Part, target: { scale: number }): Edit {
    const features = members.map((candidate) => this.candidates[candidate]!.feature);
    return editOf(sae, layer, features, target);
  }
}

/** What the ablated features write at activation 1, added as often as the mask says, and whatever the stream holds. */
function added({ layer, normalize, decoder, scale: { length: n } }: Edit): Edit {
  const none = () => new Float32Array(n);
  return {
    ...{ layer, normalize, decoder },
    activation: "identity",
    encoder: new Float32Array(decoder.length),
    bias: none(),
    scale: none(),
    offset: none().fill(1),
  };
}

function partsOf(
  some: readonly number[],
  candidates: readonly Candidate[],
  dictionaries: readonly Dictionary[],
): Part[] {
  return dictionaries
    .map((dictionary) => ({
      dictionary,
      members: some.filter((candidate) => candidates[candidate]!.sae === dictionary.key),
    }))
    .filter(({ members }) => members.length > 0);
}

/** A random direction [d] of the norm of `row`. */
function withNorm(draw: { normal: () => number }, row: Float32Array): Float32Array {
  const direction = Float64Array.from(row, () => draw.normal());
  const scale = norm(row) / norm(direction);
  return Float32Array.from(direction, (value) => value * scale);
}

function norm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
