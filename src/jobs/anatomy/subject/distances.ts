/** How far an ablation moves what a model says of texts that it is given: the clean answers to prompts, or sentences. */
import type { Ask } from "../../../anatomy/subject/subject.ts";
import type { Json } from "../../../core/hash.ts";
import type { Measured } from "../../../model/engine/branches/measured.ts";
import { compareLogits } from "../../../stats/kl.ts";
import { asJson, type EditArms, inOrder, type SharedStart } from "./edit-arms.ts";
import { type Piece, Pieces, type Spent } from "./pieces.ts";
import type { SubjectParts } from "./subject-parts.ts";

/** Means over the predicted tokens of a text. */
export interface Damage {
  /** KL(clean ‖ ablated) of the next-token distribution, in nats. */
  kl: number;
  /** −log p of the text's tokens with the ablation, less without it, in nats. */
  crossEntropy: number;
  /** Share of tokens at which the most probable token stays the same. */
  agrees: number;
}

/** A text whose tokens from `from` on are predicted; at least one. */
export interface GivenText {
  id: string;
  ids: readonly number[];
  from: number;
}

interface Given {
  /** Name of the measurement. */
  what: string;
  /** What the numbers depend on besides the question. */
  setup: Json;
  /** What all texts begin with. */
  start: () => SharedStart;
  /** The text that a question's `prompt` counts. */
  textOf: (index: number) => GivenText;
}

const atATime = 8;

export class Distances {
  readonly #model: SubjectParts["model"];
  readonly #arms: EditArms;
  readonly #given: Given;
  readonly #pieces: Pieces<Ask, Damage>;

  constructor({ model, memory, tell }: SubjectParts, arms: EditArms, given: Given) {
    this.#model = model;
    this.#arms = arms;
    this.#given = given;
    const { what, setup } = given;
    const measure = (piece: readonly Ask[]) => this.#measure(piece);
    // Each text is read without an ablation too, and a row of it is megabytes: one text after the other.
    const byText = (asks: readonly Ask[]) => inOrder(asks, 1);
    this.#pieces = new Pieces({ what, setup, asJson, inOrder: byText, atATime, measure }, memory, tell);
  }

  /** @param asks their `prompt` counts the texts @returns [asks] */
  async ask(asks: readonly Ask[]): Promise<Damage[]> {
    return await this.#pieces.ask(asks);
  }

  get spent(): Spent & { what: string } {
    return { what: this.#given.what, ...this.#pieces.spent };
  }

  async #measure(piece: readonly Ask[]): Promise<Piece<Damage>> {
    const { textOf } = this.#given;
    const start = this.#given.start();
    const clean = new Map<number, Float32Array>();
    const found: Damage[] = [];
    let blockEvaluations = 0;
    const read = async (asks: readonly Ask[], take: (i: number, row: Float32Array) => void) => {
      await this.#arms.each(asks, { reads: "outcome", start }, async (placed, { edits, masksOf }) => {
        const ledger = await this.#model.measure(
          placed.map(({ ask }) => ({ ...rowOf(textOf(ask.prompt)), masks: masksOf(ask) })),
          { edits, watch: [], start: start.tokens, want: { logProbabilities: true } },
          ({ index, logProbabilities }: Measured) => {
            take(placed[index]!.at, logProbabilities!);
          },
        );
        blockEvaluations += ledger.blockEvaluations;
      });
    };
    const texts = [...new Set(piece.map(({ prompt }) => prompt))];
    await read(
      texts.map((prompt) => ({ prompt, off: [] })),
      (i, row) => clean.set(texts[i]!, row),
    );
    await read(piece, (i, row) => {
      const { prompt } = piece[i]!;
      found[i] = damageOf(textOf(prompt), clean.get(prompt)!, row);
    });
    return { answers: found, blockEvaluations };
  }
}

/** A text, read where each of its predicted tokens is predicted. */
function rowOf({ id, ids, from }: GivenText) {
  const positions = Array.from({ length: ids.length - from }, (_, i) => from - 1 + i);
  return { id, ids: ids.slice(0, -1), positions };
}

/** @param clean @param ablated log probabilities [predicted tokens, vocab] */
function damageOf({ ids, from }: GivenText, clean: Float32Array, ablated: Float32Array): Damage {
  const tokens = ids.slice(from);
  const vocab = clean.length / tokens.length;
  const total = { kl: 0, crossEntropy: 0, agrees: 0 };
  tokens.forEach((token, i) => {
    const [p, q] = [clean, ablated].map((row) => row.subarray(i * vocab, (i + 1) * vocab));
    const { kl, agrees } = compareLogits(p!, q!);
    total.kl += kl;
    total.crossEntropy += p![token]! - q![token]!;
    total.agrees += agrees ? 1 : 0;
  });
  const { length: n } = tokens;
  return { kl: total.kl / n, crossEntropy: total.crossEntropy / n, agrees: total.agrees / n };
}
