/** What else is read of a subject: how far an ablation changes what it says to harmless prompts, and where features fire. */
import type { Ask } from "../../../anatomy/subject/subject.ts";
import type { Json } from "../../../core/hash.ts";
import type { Measured } from "../../../model/engine/branches/measured.ts";
import { type Damage, Distances } from "./distances.ts";
import { type EditArms, inOrder, nothingShared, type SharedStart } from "./edit-arms.ts";
import { type Piece, Pieces, type Spent } from "./pieces.ts";
import type { SubjectParts } from "./subject-parts.ts";

/** Activations of some candidates at every token of a prompt and of the beginning of its clean answer. */
export interface Firing extends Pick<Ask, "prompt" | "off"> {
  features: readonly number[];
}

/** Tokens of a clean answer that are compared, and in which features are looked for. */
export const comparedTokens = 16;
/** Questions that a kill can lose. */
const atATime = 16;

interface How {
  /** What all prompts begin with. */
  start: () => SharedStart;
  /** The candidates' numbers [candidates] from one row of numbers per edit. */
  gathered: (byEdit: readonly Float32Array[]) => Float32Array;
}

export class Readings {
  readonly #parts: SubjectParts;
  readonly #arms: EditArms;
  readonly #how: How;
  readonly #answers: Distances;
  readonly #sentences: Distances;
  readonly #firing: Pieces<Firing, Float32Array>;

  constructor(parts: SubjectParts, arms: EditArms, setup: Json, how: How) {
    this.#parts = parts;
    this.#arms = arms;
    this.#how = how;
    const { memory, tell, prompts, answers, sentences } = parts;
    this.#answers = new Distances(parts, arms, {
      ...{ what: "damage", setup, start: how.start },
      textOf: (prompt) => {
        const { id, ids } = prompts[prompt]!;
        return { id, ids: [...ids, ...answers[prompt]!.ids.slice(0, comparedTokens)], from: ids.length };
      },
    });
    this.#sentences = new Distances(parts, arms, {
      ...{ what: "sentences", start: () => nothingShared },
      setup: { setup, sentences: sentences.map((ids) => [...ids]) },
      textOf: (sentence) => ({ id: `sentence ${sentence}`, ids: sentences[sentence]!, from: 1 }),
    });
    this.#firing = new Pieces<Firing, Float32Array>(
      {
        ...{ what: "contexts", setup, inOrder, atATime },
        asJson: ({ prompt, off, features }) => ({ prompt, off, features }),
        measure: (piece) => this.#measureFiring(piece),
      },
      memory,
      tell,
    );
  }

  /** @param asks of prompts with a clean answer @returns [asks] */
  async damage(asks: readonly Ask[]): Promise<Damage[]> {
    return await this.#answers.ask(asks);
  }

  /** How many sentences there are: none if the tokenizer cannot write them. */
  get sentenceCount(): number {
    return this.#parts.sentences.length;
  }

  /** A task that has nothing to do with refusing. @param asks their `prompt` counts the sentences @returns [asks] */
  async onSentences(asks: readonly Ask[]): Promise<Damage[]> {
    return await this.#sentences.ask(asks);
  }

  /** @returns [questions], each [features, tokens] */
  async firing(questions: readonly Firing[]): Promise<Float32Array[]> {
    return await this.#firing.ask(questions);
  }

  spent(): (Spent & { what: string })[] {
    return [this.#answers.spent, this.#sentences.spent, { what: "contexts", ...this.#firing.spent }];
  }

  async #measureFiring(piece: readonly Firing[]): Promise<Piece<Float32Array>> {
    const { model, prompts, answers } = this.#parts;
    const found: Float32Array[] = [];
    let blockEvaluations = 0;
    const start = this.#how.start();
    await this.#arms.each(piece, { reads: "candidates", start }, async (placed, { edits, masksOf }) => {
      const ledger = await model.measure(
        placed.map(({ ask }) => {
          const { id, ids } = prompts[ask.prompt]!;
          const answer = answers[ask.prompt]!.ids.slice(0, comparedTokens);
          return { id, ids: [...ids, ...answer], positions: [], masks: masksOf(ask) };
        }),
        { edits, watch: [], start: start.tokens, want: { activations: true } },
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
