/** Scores of prompts while directions are removed or vectors are added: the measurements that everything here is made of. */
import type { Edit, EditMasks } from "../../../model/engine/edits/edit.ts";
import type { Model } from "../../../model/model.ts";
import { Reference } from "../../../stats/kl.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { ScoreRows } from "../reading/score-rows.ts";
import { ablationEdits, ablationMasks, additions, type PlacedVector, writes } from "./direction-edits.ts";

/** One condition under which all prompts are read. */
export interface Arm {
  /** [prompts, places] */
  scores: Float64Array;
  /** [compared prompts] KL(clean ‖ this arm) at the prompt's last token, in nats; null if it was not asked for. */
  kl: Float64Array | null;
}

/** The scores of all prompts at one of the places, [prompts]. */
export function scoresAt({ scores }: Arm, place: number, places: number): number[] {
  return Array.from({ length: scores.length / places }, (_, prompt) => scores[prompt * places + place]!);
}

/** What a measurement leaves behind: plain enough for `Memory`. */
export interface Arms {
  arms: Arm[];
  blockEvaluations: number;
}

export class Interventions {
  readonly model: Model;
  readonly rows: ScoreRows;
  /** The tokens that all prompts of the job begin with. */
  readonly start: readonly number[];
  readonly #references = new Map<readonly ReadPrompt[], Promise<Reference[]>>();

  /** @param rows of places alone, without sequences: one row per prompt, whose first position is the prompt's last token */
  constructor(model: Model, rows: ScoreRows, start: readonly number[]) {
    this.model = model;
    this.rows = rows;
    this.start = start;
  }

  /** One arm: nothing is changed. */
  async clean(prompts: readonly ReadPrompt[]): Promise<Arms> {
    return await this.#measure([], [[]], prompts);
  }

  /**
   * @param directions unit vectors [d] @param removed [arms]: indices of the directions that are removed together
   * @param compared those of the prompts that are compared with the clean run; none when not given
   */
  async ablated(
    directions: readonly Float64Array[],
    removed: readonly (readonly number[])[],
    prompts: readonly ReadPrompt[],
    compared?: readonly ReadPrompt[],
  ): Promise<Arms> {
    const { edits, masks } = this.ablation(directions, removed);
    return await this.#measure(edits, masks, prompts, compared);
  }

  /** The edits of `ablated`, and the masks of each arm. */
  ablation(
    directions: readonly Float64Array[],
    removed: readonly (readonly number[])[],
  ): { edits: Edit[]; masks: EditMasks[] } {
    const { layers, perLayer } = this.model.checkpoint.config;
    // Gemma 4 writes a third time in each block, and no site is there.
    const sites = perLayer === undefined ? writes : [...writes, "resid_post" as const];
    const edits = ablationEdits(layers.length, directions, sites);
    return { edits, masks: removed.map((which) => ablationMasks(edits, which)) };
  }

  /** @param doses [arms]: which vector is added, and how many times */
  async added(
    vectors: readonly PlacedVector[],
    doses: readonly { vector: number; dose: number }[],
    prompts: readonly ReadPrompt[],
  ): Promise<Arms> {
    const { edits, masks } = additions(vectors);
    return await this.#measure(
      edits,
      doses.map(({ vector, dose }) => masks(vector, dose)),
      prompts,
    );
  }

  async #measure(
    edits: readonly Edit[],
    arms: readonly EditMasks[],
    prompts: readonly ReadPrompt[],
    compared?: readonly ReadPrompt[],
  ): Promise<Arms> {
    const references = compared === undefined ? null : await this.#referencesOf(compared);
    // By the prompt itself: prompts of the two sides may have the same id.
    const places = new Map(compared?.map((prompt, at) => [prompt, at]));
    const scores = arms.map((): (readonly number[])[] => []);
    const divergences = arms.map(() => new Float64Array(places.size));
    const requests = arms.flatMap((masks) =>
      prompts.map(({ id, ids }) => ({ id, masks, ...this.rows.of(ids)[0]! })),
    );
    const { vocabSize } = this.model.checkpoint.config;
    const held = await this.model.holdEdits(edits);
    try {
      const { blockEvaluations } = await this.model.measure(
        requests,
        {
          edits: held,
          start: this.start,
          watch: this.rows.watch,
          want: { logProbabilities: references !== null },
        },
        ({ index, watched, logProbabilities }) => {
          const [arm, prompt] = [Math.floor(index / prompts.length), index % prompts.length];
          scores[arm]![prompt] = this.rows.placeScores([watched]);
          const place = places.get(prompts[prompt]!);
          if (place === undefined) return;
          divergences[arm]![place] = references![place]!.klTo(logProbabilities!.subarray(0, vocabSize));
        },
      );
      return {
        arms: arms.map((_, i) => ({
          scores: Float64Array.from(scores[i]!.flat()),
          kl: references === null ? null : divergences[i]!,
        })),
        blockEvaluations,
      };
    } finally {
      await this.model.releaseEdits(held);
    }
  }

  /** What each prompt's last token predicts in the clean run. It is large, so it is never written down. */
  async #referencesOf(prompts: readonly ReadPrompt[]): Promise<Reference[]> {
    let found = this.#references.get(prompts);
    if (found === undefined) this.#references.set(prompts, (found = this.#readReferences(prompts)));
    return await found;
  }

  async #readReferences(prompts: readonly ReadPrompt[]): Promise<Reference[]> {
    const references: Reference[] = [];
    await this.model.measure(
      prompts.map(({ id, ids }) => ({ id, ids, positions: [ids.length - 1] })),
      { edits: [], start: this.start, watch: [], want: { logProbabilities: true } },
      ({ index, logProbabilities }) => (references[index] = new Reference(logProbabilities!)),
    );
    return references;
  }
}
