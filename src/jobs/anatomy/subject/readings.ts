/** What else is read of a subject: how far an ablation changes what it says to harmless prompts, and where features fire. */
import type { Ask } from "../../../anatomy/subject/subject.ts";
import type { Json } from "../../../core/hash.ts";
import type { Measured } from "../../../model/engine/branches/measured.ts";
import { compareLogits } from "../../../stats/kl.ts";
import { asJson, type EditArms, orderOf } from "./edit-arms.ts";
import { type Piece, Pieces, type Spent } from "./pieces.ts";
import type { SubjectParts } from "./subject-parts.ts";

/** Means over the tokens of a clean answer, in nats per token. */
export interface Damage {
  /** KL(clean ‖ ablated) of the next-token distribution. */
  kl: number;
  /** −log p of the clean answer's tokens with the ablation, less without it. */
  crossEntropy: number;
}

/** Activations of some candidates at every token up to where the model decides. */
export interface Firing extends Pick<Ask, "prompt" | "off"> {
  features: readonly number[];
}

/** Tokens of a clean answer that are compared. */
const comparedTokens = 16;
const atATime = { damage: 8, contexts: 16 } as const;

interface How {
  /** The first tokens of all prompts. */
  start: readonly number[];
  /** The candidates' numbers [candidates] from one row of numbers per edit. */
  gathered: (byEdit: readonly Float32Array[]) => Float32Array;
}

export class Readings {
  readonly #parts: SubjectParts;
  readonly #arms: EditArms;
  readonly #how: How;
  readonly #damage: Pieces<Ask, Damage>;
  readonly #firing: Pieces<Firing, Float32Array>;

  constructor(parts: SubjectParts, arms: EditArms, setup: Json, how: How) {
    this.#parts = parts;
    this.#arms = arms;
    this.#how = how;
    const { memory, tell } = parts;
    this.#damage = new Pieces<Ask, Damage>(
      {
        ...{ what: "damage", setup, asJson, orderOf, atATime: atATime.damage },
        measure: (piece) => this.#measureDamage(piece),
      },
      memory,
      tell,
    );
    this.#firing = new Pieces<Firing, Float32Array>(
      {
        ...{ what: "contexts", setup, orderOf, atATime: atATime.contexts },
        asJson: ({ prompt, off, features }) => ({ prompt, off, features }),
        measure: (piece) => this.#measureFiring(piece),
      },
      memory,
      tell,
    );
  }

  /** @param asks of prompts with a clean answer @returns [asks] */
  async damage(asks: readonly Ask[]): Promise<Damage[]> {
    return await this.#damage.ask(asks);
  }

  /** @returns [questions], each [features, tokens] */
  async firing(questions: readonly Firing[]): Promise<Float32Array[]> {
    return await this.#firing.ask(questions);
  }

  spent(): (Spent & { what: string })[] {
    return [
      { what: "damage", ...this.#damage.spent },
      { what: "contexts", ...this.#firing.spent },
    ];
  }

  async #measureDamage(piece: readonly Ask[]): Promise<Piece<Damage>> {
    const { model, answers } = this.#parts;
    const said = (prompt: number) => answers[prompt]!.ids.slice(0, comparedTokens);
    const clean = new Map<number, Float32Array>();
    const found: Damage[] = [];
    let blockEvaluations = 0;
    const read = async (asks: readonly Ask[], take: (i: number, row: Float32Array) => void) => {
      await this.#arms.each(asks, async (placed, { edits, masksOf }) => {
        const ledger = await model.measure(
          placed.map(({ ask }) => ({ ...this.#answered(ask.prompt, said(ask.prompt)), masks: masksOf(ask) })),
          { edits, watch: [], start: this.#how.start, want: { logProbabilities: true } },
          ({ index, logProbabilities }: Measured) => {
            take(placed[index]!.at, logProbabilities!);
          },
        );
        blockEvaluations += ledger.blockEvaluations;
      });
    };
    const prompts = [...new Set(piece.map(({ prompt }) => prompt))];
    await read(
      prompts.map((prompt) => ({ prompt, off: [] })),
      (i, row) => clean.set(prompts[i]!, row),
    );
    await read(piece, (i, row) => {
      const { prompt } = piece[i]!;
      found[i] = damageOf(said(prompt), clean.get(prompt)!, row);
    });
    return { answers: found, blockEvaluations };
  }

  /** A prompt and its answer, read where each token of the answer is predicted. */
  #answered(prompt: number, answer: readonly number[]) {
    const { id, ids } = this.#parts.prompts[prompt]!;
    return {
      id,
      ids: [...ids, ...answer.slice(0, -1)],
      positions: answer.map((_, i) => ids.length - 1 + i),
    };
  }

  async #measureFiring(piece: readonly Firing[]): Promise<Piece<Float32Array>> {
    const { model, prompts, place } = this.#parts;
    const found: Float32Array[] = [];
    let blockEvaluations = 0;
    await this.#arms.each(piece, async (placed, { edits, masksOf }) => {
      const ledger = await model.measure(
        placed.map(({ ask }) => {
          const { id, ids } = prompts[ask.prompt]!;
          return { id, ids: [...ids, ...place.prefix], positions: [], masks: masksOf(ask) };
        }),
        { edits, watch: [], start: this.#how.start, want: { activations: true } },
        ({ index, activations }: Measured) => {
          const { at } = placed[index]!;
          found[at] = this.#rowsOf(activations!, piece[at]!);
        },
      );
      blockEvaluations += ledger.blockEvaluations;
    });
    return { answers: found, blockEvaluations };
  }

  /** @param activations one [tokens, n] per edit @returns [features, tokens] */
  #rowsOf(activations: readonly Float32Array[], { features }: Firing): Float32Array {
    const { sizes } = this.#arms;
    const tokens = activations[0]!.length / sizes[0]!;
    const rows = new Float32Array(features.length * tokens);
    for (let token = 0; token < tokens; token++) {
      const all = this.#how.gathered(
        sizes.map((n, edit) => activations[edit]!.subarray(token * n, (token + 1) * n)),
      );
      features.forEach((feature, i) => {
        rows[i * tokens + token] = all[feature]!;
      });
    }
    return rows;
  }
}

/** @param clean @param ablated log probabilities [answer, vocab] */
function damageOf(answer: readonly number[], clean: Float32Array, ablated: Float32Array): Damage {
  const vocab = clean.length / answer.length;
  const total = { kl: 0, crossEntropy: 0 };
  answer.forEach((token, i) => {
    const [p, q] = [clean, ablated].map((row) => row.subarray(i * vocab, (i + 1) * vocab));
    total.kl += compareLogits(p!, q!).kl;
    total.crossEntropy += p![token]! - q![token]!;
  });
  return { kl: total.kl / answer.length, crossEntropy: total.crossEntropy / answer.length };
}
