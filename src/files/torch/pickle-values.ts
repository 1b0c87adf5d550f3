/** The values that a pickle can hold here, and the interface that the caller of the reader implements. */

/** Lists and tuples are arrays, dictionaries are maps, None is null. Large binary integers are strings of digits. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PickleValue[]
  | Map<PickleKey, PickleValue>
  | PickleSet
  | PickleGlobal
  | object;
export type PickleKey = string | number | boolean | null;

/** A set. It has its own class, so that it is not mistaken for a list. */
export class PickleSet {
  readonly items: PickleValue[];

  constructor(items: PickleValue[]) {
    this.items = items;
  }
}

/** A function or class that the pickle names and the caller knows. Only the caller's own `call` ever runs. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;
  /** Gives the result of a call; null if it may be named but not called. */
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | null;

  constructor(module: string, name: string, call: PickleGlobal["call"]) {
    this.module = module;
    this.name = name;
    this.call = call;
  }
}

export interface PickleHost {
  /** @returns null to refuse the global */
  global(module: string, name: string): PickleGlobal | null;
  /** The value that a persistent id stands for. @throws FathomError if there is none */
  persistent(id: PickleValue): PickleValue;
}
