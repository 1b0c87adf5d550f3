/** The stack of a pickle's machine, with its marks, and the values that it remembers. */
import type { PickleBytes } from "./pickle-bytes.ts";
import type { PickleValue } from "./pickle-values.ts";

const mark = Symbol("mark");
type Slot = PickleValue | typeof mark;

/** Whatever takes what is not there throws FathomError: the program is broken. */
export class PickleStack {
  readonly #read: PickleBytes;
  readonly #slots: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(read: PickleBytes) {
    this.#read = read;
  }

  push(value: PickleValue): void {
    this.#slots.push(value);
  }

  mark(): void {
    this.#slots.push(mark);
  }

  /** Takes a value or a mark, or nothing where there is none. */
  drop(): void {
    this.#slots.pop();
  }

  pop(): PickleValue {
    return this.#value(this.#slots.pop());
  }

  top(): PickleValue {
    return this.#value(this.#slots.at(-1));
  }

  /** In the order in which they were put there. */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** What lies above the last mark, which goes too. */
  sinceMark(): PickleValue[] {
    const at = this.#slots.lastIndexOf(mark);
    if (at < 0) throw this.#read.wrong("a mark on the stack", "none");
    return this.#slots.splice(at).slice(1) as PickleValue[];
  }

  /** Remembers the top. @param index the next one when not given */
  remember(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#read.wrong("a value that was remembered", `none under ${index}`);
    return value;
  }

  #value(slot: Slot | undefined): PickleValue {
    if (slot === undefined || slot === mark) throw this.#read.wrong("a value on the stack", "none");
    return slot;
  }
}
