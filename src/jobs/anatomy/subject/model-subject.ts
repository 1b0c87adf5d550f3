/**
 * The model as the subject of an anatomy: rows of tokens under ablations of SAE features, read where the model decides, or
 * answered and judged. What was measured is remembered. No text of an edited run leaves this file.
 */

import type {
  Ask,
  Candidate,
  Judgement,
  Sensitivity,
  Subject,
  SubjectPrompt,
} from "../../../anatomy/subject/subject.ts";
import { hashJson } from "../../../core/hash.ts";
import { logOdds } from "../../../core/log-odds.ts";
import { endsOf } from "../../../model/checkpoint/checkpoint.ts";
import { judgedAnswer } from "../answers/judged-answer.ts";
import { sharedStart } from "../reading/common-start.ts";
import { CandidateEdits } from "./candidate-edits.ts";
import { asJson, EditArms, inOrder, type SharedStart } from "./edit-arms.ts";
import { type Piece, Pieces, type Spent } from "./pieces.ts";
import { Readings } from "./readings.ts";
import type { SubjectParts } from "./subject-parts.ts";

/** Questions that a kill can lose: some seconds to a minute of a small model. */
const atATime = {
  scores: 64,
  "clean scales": 64,
  gradients: 16,
  activity: 16,
  "judged answers": 96,
} as const;
type Kind = keyof typeof atATime;

export class ModelSubject implements Subject {
  readonly candidates: readonly Candidate[];
  readonly prompts: readonly SubjectPrompt[];
  readonly #parts: SubjectParts;
  readonly #edits: CandidateEdits;
  readonly #arms: EditArms;
  readonly #scores: Pieces<Ask, number>;
  readonly #scales: Pieces<Ask, Float32Array>;
  readonly #gradients: Pieces<Ask, Sensitivity>;
  readonly #activity: Pieces<Ask, Float32Array>;
  readonly #judged: Pieces<Ask, Judgement>;
  readonly #readings: Readings;
  /** What all prompts begin with. */
  #start: SharedStart;
  /** By prompt: scale of the final norm where the score is read, of the clean run. */
  readonly #cleanScales = new Map<number, Float32Array>();

  static async open(parts: SubjectParts): Promise<ModelSubject> {
    const { model, seed, prompts, place } = parts;
    const edits = new CandidateEdits(parts.candidates, parts.dictionaries);
    const tokensOf = (prompt: number) => prompts[prompt]!.ids.length + place.prefix.length;
    const subject = new ModelSubject(parts, edits, await EditArms.open({ model, edits, seed, tokensOf }));
    await subject.#readStart();
    return subject;
  }

  private constructor(parts: SubjectParts, edits: CandidateEdits, arms: EditArms) {
    const { candidates, dictionaries, prompts, answers, place, memory, tell, seed, answerTokens } = parts;
    this.#parts = parts;
    this.candidates = candidates;
    this.prompts = prompts;
    this.#edits = edits;
    this.#arms = arms;
    this.#start = { tokens: sharedStart(prompts), activity: null };
    const setup = hashJson({
      candidates: candidates.map(({ sae, layer, feature }) => [sae, layer, feature]),
      saes: dictionaries.map(({ key, layer, sae }) => [key, layer, sae.identity()]),
      prompts: prompts.map(({ ids }, i) => [[...ids], answers[i]!.ids]),
      place: { prefix: [...place.prefix], tokens: [...place.tokens] },
      ...{ seed, answerTokens },
    });
    const pieces = <Answer>(what: Kind, measure: (piece: readonly Ask[]) => Promise<Piece<Answer>>) =>
      new Pieces<Ask, Answer>(
        { what, setup, asJson, inOrder, atATime: atATime[what], measure },
        memory,
        tell,
      );
    this.#scores = pieces("scores", (piece) => this.#measureScores(piece));
    this.#scales = pieces("clean scales", (piece) => this.#measureScales(piece));
    this.#gradients = pieces("gradients", (piece) => this.#measureGradients(piece));
    this.#activity = pieces("activity", (piece) => this.#measureActivity(piece));
    this.#judged = pieces("judged answers", (piece) => this.#judge(piece));
    this.#readings = new Readings(parts, arms, setup, {
      start: () => this.#start,
      gathered: (byEdit) => edits.gathered(byEdit),
    });
  }

  /** Which candidates are active in the start, on the clean run. */
  async #readStart(): Promise<void> {
    if (this.#start.tokens.length === 0) return;
    const [activity] = await this.#activity.ask([{ prompt: 0, off: [], within: "start" }]);
    this.#start = { ...this.#start, activity: activity! };
  }

  async scores(asks: readonly Ask[]): Promise<Float64Array> {
    const prompts = asks.filter(({ finalNorm }) => finalNorm === "clean").map(({ prompt }) => prompt);
    const scales = await this.#scales.ask(prompts.map((prompt) => ({ prompt, off: [] })));
    prompts.forEach((prompt, i) => this.#cleanScales.set(prompt, scales[i]!));
    return Float64Array.from(await this.#scores.ask(await this.#effective(asks)));
  }

  async sensitivities(asks: readonly Ask[]): Promise<Sensitivity[]> {
    return await this.#gradients.ask(asks);
  }

  async activity(asks: readonly Ask[]): Promise<Float32Array[]> {
    return await this.#activity.ask(asks);
  }

  /** A clean answer was judged before, when it was made. */
  async judged(asks: readonly Ask[]): Promise<Judgement[]> {
    const effective = await this.#effective(asks);
    const judged = (await this.#judged.ask(effective.filter((ask) => !isClean(ask)))).values();
    return effective.map((ask) => {
      if (!isClean(ask)) return judged.next().value!;
      const { outcome, coherence } = this.#parts.answers[ask.prompt]!;
      return { outcome, coherence };
    });
  }

  /** The same questions without ablations that change nothing, so that several may be one, and some the clean run. */
  async #effective(asks: readonly Ask[]): Promise<Ask[]> {
    const { answers, place } = this.#parts;
    // The activity is that of the clean answer's tokens, which the score's place must be among.
    const isSeen = (prompt: number) => place.prefix.every((token, i) => answers[prompt]!.ids[i] === token);
    const plain = ({ prompt, off, on, random }: Ask) =>
      off.length > 0 && on === undefined && random === undefined && isSeen(prompt);
    const prompts = [...new Set(asks.filter(plain).map(({ prompt }) => prompt))];
    const rows = await this.#activity.ask(prompts.map((prompt) => ({ prompt, off: [] })));
    const activity = new Map(prompts.map((prompt, i) => [prompt, rows[i]!]));
    return asks.map((ask) => {
      if (!plain(ask)) return ask;
      const off = this.#edits.effective(ask.off, activity.get(ask.prompt)!);
      const { prompt, finalNorm } = ask;
      return off.length > 0
        ? { ...ask, off }
        : { prompt, off, ...(finalNorm === undefined ? {} : { finalNorm }) };
    });
  }

  /** The same subject, which measures every question again and remembers nothing; and the blocks that this took. */
  live(): { subject: Subject; spent: Spent } {
    const spent: Spent = { asked: 0, blockEvaluations: 0 };
    const measured = async <T>(piece: Promise<Piece<T>>): Promise<T[]> => {
      const { answers, blockEvaluations } = await piece;
      spent.asked += answers.length;
      spent.blockEvaluations += blockEvaluations;
      return answers;
    };
    const subject: Subject = {
      candidates: this.candidates,
      prompts: this.prompts,
      scores: async (asks) => Float64Array.from(await measured(this.#measureScores(asks))),
      sensitivities: (asks) => measured(this.#measureGradients(asks)),
      activity: (asks) => measured(this.#measureActivity(asks)),
      judged: (asks) => measured(this.#judge(asks)),
    };
    return { subject, spent };
  }

  /** Tokens of a prompt. */
  tokensOf(prompt: number): number {
    return this.#parts.prompts[prompt]!.ids.length;
  }

  /** Whether the clean answer to a prompt has a token. */
  hasAnswer(prompt: number): boolean {
    return this.#parts.answers[prompt]!.ids.length > 0;
  }

  /** What else is read of it, under the same edits. */
  get readings(): Readings {
    return this.#readings;
  }

  /** What was measured, by kind. The same after a kill. */
  spent(): (Spent & { what: string })[] {
    const kinds: Record<Kind, { spent: Spent }> = {
      scores: this.#scores,
      "clean scales": this.#scales,
      gradients: this.#gradients,
      activity: this.#activity,
      "judged answers": this.#judged,
    };
    const own = (Object.keys(kinds) as Kind[]).map((what) => ({ what, ...kinds[what].spent }));
    return [...own, ...this.#readings.spent()];
  }

  async close(): Promise<void> {
    await this.#arms.close();
  }

  async #measureScores(piece: readonly Ask[]): Promise<Piece<number>> {
    const { model, place } = this.#parts;
    const answers: number[] = [];
    let blockEvaluations = 0;
    await this.#arms.each(piece, this.#reading("outcome"), async (asks, { edits, masksOf }) => {
      const { blockEvaluations: own } = await model.measure(
        asks.map(({ ask }) => ({ ...this.#row(ask), ...this.#scalesOf(ask), masks: masksOf(ask) })),
        { edits, watch: place.tokens, start: this.#start.tokens },
        ({ index, watched }) => {
          answers[asks[index]!.at] = logOdds(watched);
        },
      );
      blockEvaluations += own;
    });
    return { answers, blockEvaluations };
  }

  #scalesOf({ prompt, finalNorm }: Ask): { finalScales?: Float32Array } {
    return finalNorm === "clean" ? { finalScales: this.#cleanScales.get(prompt)! } : {};
  }

  async #measureScales(piece: readonly Ask[]): Promise<Piece<Float32Array>> {
    const answers: Float32Array[] = [];
    const { blockEvaluations } = await this.#parts.model.measure(
      piece.map((ask) => this.#row(ask)),
      { edits: [], watch: [], start: this.#start.tokens },
      ({ index, finalScales }) => {
        answers[index] = finalScales;
      },
    );
    return { answers, blockEvaluations };
  }

  async #measureGradients(piece: readonly Ask[]): Promise<Piece<Sensitivity>> {
    const { model, place } = this.#parts;
    const answers: Sensitivity[] = [];
    let blockEvaluations = 0;
    await this.#arms.each(piece, this.#reading("candidates"), async (asks, { edits, masksOf }) => {
      const { forward, backward } = await model.gradients(
        asks.map(({ ask }) => {
          const { id, ids, positions } = this.#row(ask);
          const objective = { kind: "log_odds", position: positions[0]!, tokens: place.tokens } as const;
          return { id, ids, objective, masks: masksOf(ask) };
        }),
        { edits, sites: [], masks: "summed" },
        ({ index, value, masks }) => {
          // Behind the edits of `off` may come those of a set or random change.
          const own = masks.slice(0, this.#arms.sizes.length);
          answers[asks[index]!.at] = { score: value, gradient: this.#edits.gathered(own) };
        },
      );
      // A backward pass through a block costs about as much as two forward passes.
      blockEvaluations += forward + 2 * backward;
    });
    return { answers, blockEvaluations };
  }

  async #measureActivity(piece: readonly Ask[]): Promise<Piece<Float32Array>> {
    const { model } = this.#parts;
    const answers: Float32Array[] = [];
    let blockEvaluations = 0;
    await this.#arms.each(piece, this.#reading("candidates"), async (asks, { edits, masksOf }) => {
      const { blockEvaluations: own } = await model.measure(
        asks.map(({ ask }) => ({ ...this.#rowWithAnswer(ask), positions: [], masks: masksOf(ask) })),
        { edits, watch: [], start: this.#start.tokens, want: { activations: true } },
        ({ index, activations }) => {
          const { ask, at } = asks[index]!;
          const from = ask.within === "answer" ? this.tokensOf(ask.prompt) : 0;
          const to = ask.within === "start" ? this.#start.tokens.length : undefined;
          const largest = activations!.slice(0, this.#arms.sizes.length).map((values, edit) => {
            const size = this.#arms.sizes[edit]!;
            return largestOf(values.subarray(from * size, to === undefined ? to : to * size), size);
          });
          answers[at] = this.#edits.gathered(largest);
        },
      );
      blockEvaluations += own;
    });
    return { answers, blockEvaluations };
  }

  async #judge(piece: readonly Ask[]): Promise<Piece<Judgement>> {
    const { model, prompts, answerTokens, batchSize } = this.#parts;
    const { checkpoint } = model;
    const answers: Judgement[] = [];
    let steps = 0;
    await this.#arms.each(piece, this.#reading("outcome"), async (asks, { edits, masksOf }) => {
      await model.generate(
        asks.map(({ ask }, i) => ({
          id: `${prompts[ask.prompt]!.id} ${i}`,
          ids: prompts[ask.prompt]!.ids,
          ...{ maxNewTokens: answerTokens, temperature: 0, seed: 0 },
          draft: this.#draftOf(ask),
          masks: masksOf(ask),
        })),
        { endTokens: endsOf(checkpoint), batchSize, watch: [], captureLayers: [], edits, plan: this.#plan },
        (row, index) => {
          const { ask, at } = asks[index]!;
          answers[at] = judgedAnswer(row, prompts[ask.prompt]!.prompt, checkpoint);
          steps += 1 + row.ids.length;
        },
      );
    });
    return { answers, blockEvaluations: steps * this.#blocks };
  }

  /** The clean answer, where the edited one is likely to begin like it: a refusal whose score fell below 0 begins otherwise. */
  #draftOf(ask: Ask): readonly number[] {
    const { side } = this.prompts[ask.prompt]!;
    return side === "harmful" && (this.#scores.known(ask) ?? 0) < 0
      ? []
      : this.#parts.answers[ask.prompt]!.ids;
  }

  /** Rows begin with the start of all prompts, and their cache has room for any of them. */
  get #plan(): { prompts: readonly (readonly number[])[]; capacity: number } {
    const prompts = this.#parts.prompts.map(({ ids }) => ids);
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    return {
      prompts: this.#start.tokens.length === 0 ? [] : prompts,
      capacity: longest + this.#parts.answerTokens,
    };
  }

  #reading(reads: "candidates" | "outcome"): Parameters<EditArms["each"]>[1] {
    return { reads, start: this.#start };
  }

  get #blocks(): number {
    return this.#parts.model.checkpoint.config.layers.length;
  }

  /** The tokens up to where the model decides. */
  #row({ prompt }: Ask): { id: string; ids: number[]; positions: number[] } {
    const { id, ids } = this.#parts.prompts[prompt]!;
    const read = [...ids, ...this.#parts.place.prefix];
    return { id, ids: read, positions: [read.length - 1] };
  }

  /** On the clean run a candidate that fires in the model's own answer is not silent. */
  #rowWithAnswer(ask: Ask): { id: string; ids: number[]; positions: number[] } {
    const row = this.#row(ask);
    const answer = this.#parts.answers[ask.prompt]!.ids;
    if (!isClean(ask) || answer.length < this.#parts.place.prefix.length) return row;
    return { ...row, ids: [...this.#parts.prompts[ask.prompt]!.ids, ...answer] };
  }
}

const isClean = ({ off, on, random }: Ask): boolean =>
  off.length === 0 && on === undefined && random === undefined;

/** @param values [tokens, n] @returns [n] the largest absolute value of each column */
function largestOf(values: Float32Array, n: number): Float32Array {
  const largest = new Float32Array(n);
  for (let at = 0; at < values.length; at++)
    largest[at % n] = Math.max(largest[at % n]!, Math.abs(values[at]!));
  return largest;
}
