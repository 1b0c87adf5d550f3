/**
 * Follows a row token by token: is it in its thought, or in its answer? A thought begins at the first token, after white
 * space, or the prompt has opened it. Behind a closed thought another one may begin in the same way. A mark later in the
 * answer is text.
 */
import { endsWith } from "../../text/thinking.ts";

/** The marks of a checkpoint as token ids (model/text/thinking.ts), and the most tokens of a thought. */
export interface ThinkingOptions {
  ids: readonly { open: readonly (readonly number[])[]; close: readonly (readonly number[])[] }[];
  blank: readonly number[];
  /** Marks count too. */
  cap: number;
}

export class Thought {
  readonly #marks: ThinkingOptions["ids"];
  readonly #blank: ReadonlySet<number>;
  /** The mark that closes the open thought; null outside of thoughts. */
  #closes: ThinkingOptions["ids"][number] | null = null;
  #began = false;
  /** Whether a thought can still begin. */
  #mayBegin = true;
  /** Index of the first token that is neither thought nor one of its marks. */
  #answerFrom = 0;

  /** @param prompt the tokens that the model reads; they may end with an opened thought */
  constructor({ ids, blank }: ThinkingOptions, prompt: readonly number[]) {
    this.#marks = ids;
    this.#blank = new Set(blank);
    const end = prompt.findLastIndex((id) => !this.#blank.has(id)) + 1;
    this.#open(prompt.slice(0, end));
  }

  get inThought(): boolean {
    return this.#closes !== null;
  }

  get answerFrom(): number {
    return this.#answerFrom;
  }

  /** Whether the tokens so far leave it open whether a thought begins: they are white space, or the beginning of a mark. */
  get mayBegin(): boolean {
    return this.#mayBegin;
  }

  /** `tokens` of the row, from the first, are the thought and its marks. null if it has none. */
  get result(): { tokens: number; closed: boolean } | null {
    return this.#began ? { tokens: this.#answerFrom, closed: !this.inThought } : null;
  }

  /** @param ids all tokens of the row; the last one is new */
  follow(ids: readonly number[]): void {
    if (this.#closes !== null) {
      this.#answerFrom = ids.length;
      if (this.#closes.close.some((mark) => endsWith(ids, mark))) this.#closes = null;
      return;
    }
    if (!this.#mayBegin) return;
    const first = ids.findIndex((id, i) => i >= this.#answerFrom && !this.#blank.has(id));
    if (first === -1) return;
    const said = ids.slice(first);
    if (this.#open(said, said.length)) this.#answerFrom = ids.length;
    else this.#mayBegin = this.#marks.some(({ open }) => open.some((mark) => startsWith(mark, said)));
  }

  /** @param length the length that the mark must have; any if it is not given */
  #open(ids: readonly number[], length?: number): boolean {
    const isOpening = (mark: readonly number[]) =>
      endsWith(ids, mark) && (length === undefined || mark.length === length);
    this.#closes = this.#marks.find(({ open }) => open.some(isOpening)) ?? null;
    this.#began ||= this.#closes !== null;
    return this.#closes !== null;
  }
}

const startsWith = (ids: readonly number[], start: readonly number[]): boolean =>
  start.length <= ids.length && start.every((id, i) => id === ids[i]);
