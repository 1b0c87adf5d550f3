/** The stack of the pickle machine, with its marks, and its memo of remembered values. */
import type { PickleBytes } from "./pickle-bytes.ts";
import type { PickleValue } from "./pickle-values.ts";

const mark = Symbol("mark");
type Slot = PickleValue | typeof mark;

/** Methods throw FathomError if the value that they take is not there: then the program is broken. */
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

  /** Removes the top value or mark; does nothing if the stack is empty. */
  drop(): void {
    this.#slots.pop();
  }

  pop(): PickleValue {
    return this.#value(this.#slots.pop());
  }

  top(): PickleValue {
    return this.#value(this.#slots.at(-1));
  }

  /** Removes the top values. @returns them in the order in which they were pushed */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Removes the last mark and all values above it. @returns those values */
  sinceMark(): PickleValue[] {
    const at = this.#slots.lastIndexOf(mark);
    if (at < 0) throw this.#read.wrong("a mark on the stack", "none");
    return this.#slots.splice(at).slice(1) as PickleValue[];
  }

  /** Remembers the top value. @param index default: the next free one */
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
