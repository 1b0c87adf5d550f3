/**
 * Questions of one kind, answered in pieces. A question that was answered is not asked again in this process; a piece that was
 * measured is not measured again in any later one. Which questions make a piece depends only on what was asked before, so a job
 * that was killed cuts the same pieces again.
 */
import type { Json } from "../../../core/hash.ts";
import type { Tell } from "../../job/job-events.ts";
import type { Memory } from "../memory/memory.ts";

/** How much was measured for one kind of question. */
export interface Spent {
  /** Questions that were measured. */
  asked: number;
  /** Blocks that were computed, on one row each. */
  blockEvaluations: number;
}

export interface Piece<Answer> {
  answers: Answer[];
  blockEvaluations: number;
}

export interface PiecesOptions<Question, Answer> {
  what: string;
  /** Everything that the answers depend on besides the question, for the memory. */
  setup: Json;
  /** A question as JSON. Equal questions have equal JSON. */
  asJson: (question: Question) => Json;
  /** The questions in the order in which they are measured: those that share work come together. */
  inOrder: (questions: readonly Question[]) => Question[];
  /** Questions in a piece: what a kill can lose. */
  atATime: number;
  measure: (piece: readonly Question[]) => Promise<Piece<Answer>>;
}

export class Pieces<Question, Answer> {
  readonly spent: Spent = { asked: 0, blockEvaluations: 0 };
  readonly #options: PiecesOptions<Question, Answer>;
  readonly #memory: Memory;
  readonly #tell: Tell;
  readonly #known = new Map<string, Answer>();

  constructor(options: PiecesOptions<Question, Answer>, memory: Memory, tell: Tell) {
    this.#options = options;
    this.#memory = memory;
    this.#tell = tell;
  }

  /** The answer to a question that was asked before; undefined for another one. */
  known(question: Question): Answer | undefined {
    return this.#known.get(this.#keyOf(question));
  }

  /** @returns the answers in the order of the questions */
  async ask(questions: readonly Question[]): Promise<Answer[]> {
    const { what, setup, asJson, inOrder, atATime, measure } = this.#options;
    const keys = questions.map((question) => this.#keyOf(question));
    const fresh = new Map<string, Question>();
    questions.forEach((question, i) => {
      if (!this.#known.has(keys[i]!)) fresh.set(keys[i]!, question);
    });
    const open = inOrder([...fresh.values()]);
    for (let from = 0; from < open.length; from += atATime) {
      this.#tell({ kind: "counted", what, done: from, total: open.length, unit: "measurements" });
      const piece = open.slice(from, from + atATime);
      const inputs = { setup, questions: piece.map(asJson) };
      const { answers, blockEvaluations } = await this.#memory.recall(what, inputs, () => measure(piece));
      this.spent.asked += piece.length;
      this.spent.blockEvaluations += blockEvaluations;
      piece.forEach((question, i) => this.#known.set(this.#keyOf(question), answers[i]!));
    }
    return keys.map((key) => this.#known.get(key)!);
  }

  #keyOf(question: Question): string {
    return JSON.stringify(this.#options.asJson(question));
  }
}
