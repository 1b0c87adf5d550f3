/** The edits and masks of questions: the candidates' ablations, which are always held, and those that only some questions need. */
import { setOf } from "../../../anatomy/subject/feature-set.ts";
import type { Ask, FeatureSet } from "../../../anatomy/subject/subject.ts";
import { canonicalJson, type Json } from "../../../core/hash.ts";
import type { Edit, EditMask } from "../../../model/engine/edits/edit.ts";
import type { HeldEdits } from "../../../model/engine/edits/held-edits.ts";
import type { Model } from "../../../model/model.ts";
import { groupBy } from "../../../stats/group.ts";
import type { CandidateEdits } from "./candidate-edits.ts";

/** A question, and its place in the piece that it came with. */
export interface Placed {
  ask: Ask;
  at: number;
}

/** Questions that one call of the engine answers: their edits are the same, and their masks differ. */
export interface Arm {
  edits: HeldEdits;
  /** [edits] the masks of a question; the candidates' own come first, if they are there. */
  masksOf: (ask: Ask) => EditMask[];
}

/** The first tokens of all rows. */
export interface SharedStart {
  tokens: readonly number[];
  /** [candidates] largest activation at these tokens, on the clean run; null if it is not known. */
  activity: Float32Array | null;
}

export const nothingShared: SharedStart = { tokens: [], activity: null };

interface EditArmsParts {
  model: Model;
  edits: CandidateEdits;
  /** Names the random directions. */
  seed: number;
  /** Tokens of a prompt up to where the model decides. */
  tokensOf: (prompt: number) => number;
}

export class EditArms {
  readonly #parts: EditArmsParts;
  readonly #held: HeldEdits;

  static async open(parts: EditArmsParts): Promise<EditArms> {
    return new EditArms(parts, await parts.model.holdEdits(parts.edits.ablations()));
  }

  private constructor(parts: EditArmsParts, held: HeldEdits) {
    this.#parts = parts;
    this.#held = held;
  }

  /** Candidates of each edit that is always held. */
  get sizes(): readonly number[] {
    return this.#held.sizes;
  }

  async close(): Promise<void> {
    await this.#parts.model.releaseEdits(this.#held);
  }

  /**
   * Calls `work` for the questions of each arm. Edits that only one arm has are held for that long.
   * @param reads whether something is read of the candidates' edits. If not, an arm that ablates nothing goes without them
   * @param start what the rows begin with
   */
  async each(
    piece: readonly Ask[],
    { reads, start }: { reads: "candidates" | "outcome"; start: SharedStart },
    work: (asks: readonly Placed[], arm: Arm) => Promise<void>,
  ): Promise<void> {
    const { model } = this.#parts;
    const arms = groupBy(
      piece.map((ask, at) => ({ ask, at })),
      ({ ask }) => armOf(ask),
    );
    for (const asks of arms.values()) {
      const extra = this.#extraEdits(asks[0]!.ask);
      const isAlone = extra !== null && reads === "outcome" && asks.every(({ ask }) => ask.off.length === 0);
      const edits =
        extra === null ? this.#held : await model.holdEdits(extra.edits, isAlone ? undefined : this.#held);
      const masksOf = (ask: Ask): EditMask[] => [
        ...(isAlone ? [] : this.#masks(ask, extra === null ? start : nothingShared)),
        ...(extra?.masksOf(ask) ?? []),
      ];
      try {
        await work(asks, { edits, masksOf });
      } finally {
        if (extra !== null) await model.releaseEdits(edits);
      }
    }
  }

  /**
   * The masks of the ablations. Members that change nothing in the start are left out there, so that starts which are equal are
   * read once.
   */
  #masks({ off, strength = 1 }: Ask, { tokens, activity }: SharedStart): EditMask[] {
    const { edits } = this.#parts;
    const masks = edits.masks(off, strength);
    if (activity === null) return masks;
    const ofStart = edits.effective(off, activity);
    if (ofStart.length === off.length) return masks;
    const starts = edits.masks(ofStart, strength);
    return masks.map((features, i) => ({ start: starts[i]!, until: tokens.length, features }));
  }

  /** The edits that only this question's arm has, behind those of the candidates; null if it has none. */
  #extraEdits({ on, random }: Ask): { edits: Edit[]; masksOf: (ask: Ask) => EditMask[] } | null {
    if (on === undefined && random === undefined) return null;
    const set = this.#parts.edits.settings(setOf((on ?? []).map(({ candidate }) => candidate)));
    const changes =
      random === undefined
        ? []
        : this.#parts.edits.randomChanges(random.like, `${this.#parts.seed}/${random.draw}`);
    return {
      edits: [...set.edits, ...changes],
      masksOf: (ask) => {
        const values = new Map((ask.on ?? []).map(({ candidate, value }) => [candidate, value]));
        const tokens = this.#untilAnswer(ask);
        const masks = set.masks(values);
        return [
          ...(ask.throughout === true ? masks : masks.map((features) => ({ features, tokens }))),
          ...changes.map(({ scale }) => new Float32Array(scale.length).fill(1)),
        ];
      },
    };
  }

  /** 1 for the tokens up to where the model decides, 0 for later ones. */
  #untilAnswer({ prompt }: Ask): Float32Array {
    const count = this.#parts.tokensOf(prompt);
    return Float32Array.from({ length: count + 1 }, (_, token) => (token < count ? 1 : 0));
  }
}

/** Equal for questions that need the same edits. */
const armOf = (ask: Ask): string => {
  const { random, finalNorm } = asJson(ask);
  const on = ask.on === undefined ? undefined : setOf(ask.on.map(({ candidate }) => candidate));
  return canonicalJson({ on, random, finalNorm });
};

/** Fewer would read the start of all prompts more often, more would part sets that begin alike. */
const usualTogether = 8;

/**
 * Questions that share work come together: those of one arm, in it those of a few prompts, in these those of one set. Rows of one set share
 * the start of all prompts, rows of one prompt the blocks below the first features in which their sets differ.
 * @param promptsTogether how many prompts
 */
export function inOrder<Question extends Ask>(
  questions: readonly Question[],
  promptsTogether = usualTogether,
): Question[] {
  const prompts = setOf(questions.map(({ prompt }) => prompt));
  const groups = new Map(prompts.map((prompt, rank) => [prompt, Math.floor(rank / promptsTogether)]));
  return questions
    .map((question) => ({ question, arm: armOf(question), group: groups.get(question.prompt)! }))
    .sort(
      (a, b) =>
        (a.arm < b.arm ? -1 : a.arm > b.arm ? 1 : a.group - b.group) ||
        compareSets(a.question.off, b.question.off) ||
        a.question.prompt - b.question.prompt,
    )
    .map(({ question }) => question);
}

/** Sets that begin with the same features are neighbours. */
function compareSets(a: FeatureSet, b: FeatureSet): number {
  const differs = a.findIndex((feature, i) => feature !== b[i]);
  return differs === -1 ? a.length - b.length : a[differs]! - (b[differs] ?? -1);
}

export function asJson({
  prompt,
  off,
  strength,
  on,
  throughout,
  random,
  finalNorm,
  within,
}: Ask): Record<string, Json | undefined> {
  return {
    ...{ prompt, off, strength, finalNorm, throughout, within },
    on: on?.map(({ candidate, value }) => ({ candidate, value })),
    random: random === undefined ? undefined : { like: random.like, draw: random.draw },
  };
}
