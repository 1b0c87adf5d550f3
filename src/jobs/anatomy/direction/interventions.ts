/** Scores of prompts while directions are removed or vectors are added: the measurements that everything here is made of. */
import type { Edit, EditMasks } from "../../../model/engine/edits/edit.ts";
import type { Model } from "../../../model/model.ts";
import { compareLogits } from "../../../stats/kl.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { ScoreRows } from "../reading/score-rows.ts";
import { ablationEdits, ablationMasks, additions, type PlacedVector } from "./direction-edits.ts";

/** One condition under which all prompts are read. */
export interface Arm {
  /** [prompts, places] */
  scores: Float64Array;
  /** [prompts] KL(clean ‖ this arm) at the prompt's last token, in nats; null if it was not asked for. */
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

const everySite = ["attn_out", "mlp_out", "resid_post"] as const;

export class Interventions {
  readonly model: Model;
  readonly rows: ScoreRows;
  /** The tokens that all prompts of the job begin with. */
  readonly start: readonly number[];
  readonly #references = new Map<readonly ReadPrompt[], Promise<Float32Array[]>>();

  /** @param rows of places alone, without sequences: one row per prompt, whose first position is the prompt's last token */
  constructor(model: Model, rows: ScoreRows, start: readonly number[]) {
    this.model = model;
    this.rows = rows;
    this.start = start;
  }

  /** One arm: nothing is changed. */
  async clean(prompts: readonly ReadPrompt[]): Promise<Arms> {
    return await this.#measure([], [[]], prompts, false);
  }

  /**
   * @param directions unit vectors [d] @param removed [arms]: indices of the directions that are removed together
   * @param kl whether to compare with the clean run
   */
  async ablated(
    directions: readonly Float64Array[],
    removed: readonly (readonly number[])[],
    prompts: readonly ReadPrompt[],
    kl: boolean,
  ): Promise<Arms> {
    const { edits, masks } = this.ablation(directions, removed);
    return await this.#measure(edits, masks, prompts, kl);
  }

  /** The edits of `ablated`, and the masks of each arm. */
  ablation(
    directions: readonly Float64Array[],
    removed: readonly (readonly number[])[],
  ): { edits: Edit[]; masks: EditMasks[] } {
    const edits = ablationEdits(this.model.checkpoint.config.layers.length, directions, everySite);
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
      false,
    );
  }

  async #measure(
    edits: readonly Edit[],
    arms: readonly EditMasks[],
    prompts: readonly ReadPrompt[],
    kl: boolean,
  ): Promise<Arms> {
    const references = kl ? await this.#referencesOf(prompts) : null;
    const scores = arms.map((): (readonly number[])[] => []);
    const divergences = arms.map(() => new Float64Array(prompts.length));
    const requests = arms.flatMap((masks) =>
      prompts.map(({ id, ids }) => ({ id, masks, ...this.rows.of(ids)[0]! })),
    );
    const { vocabSize } = this.model.checkpoint.config;
    const held = await this.model.holdEdits(edits);
    try {
      const { blockEvaluations } = await this.model.measure(
        requests,
        { edits: held, start: this.start, watch: this.rows.watch, want: { logProbabilities: kl } },
        ({ index, watched, logProbabilities }) => {
          const [arm, prompt] = [Math.floor(index / prompts.length), index % prompts.length];
          scores[arm]![prompt] = this.rows.placeScores([watched]);
          if (references !== null)
            divergences[arm]![prompt] = compareLogits(
              references[prompt]!,
              logProbabilities!.subarray(0, vocabSize),
            ).kl;
        },
      );
      return {
        arms: arms.map((_, i) => ({
          scores: Float64Array.from(scores[i]!.flat()),
          kl: kl ? divergences[i]! : null,
        })),
        blockEvaluations,
      };
    } finally {
      await this.model.releaseEdits(held);
    }
  }

  /** Log probabilities [vocab] at each prompt's last token in the clean run. They are large, so they are never written down. */
  async #referencesOf(prompts: readonly ReadPrompt[]): Promise<Float32Array[]> {
    let found = this.#references.get(prompts);
    if (found === undefined) this.#references.set(prompts, (found = this.#readReferences(prompts)));
    return await found;
  }

  async #readReferences(prompts: readonly ReadPrompt[]): Promise<Float32Array[]> {
    const references: Float32Array[] = [];
    await this.model.measure(
      prompts.map(({ id, ids }) => ({ id, ids, positions: [ids.length - 1] })),
      { edits: [], start: this.start, watch: [], want: { logProbabilities: true } },
      ({ index, logProbabilities }) => (references[index] = logProbabilities!),
    );
    return references;
  }
}
