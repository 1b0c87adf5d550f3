/** What a pickle can hold here, and what its reader asks of whoever wants it read. */

/** Lists and tuples are arrays, dictionaries maps, None null; integers beyond 2^53 are refused. */
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

/** A set, kept apart from lists so that nobody takes one for the other. */
export class PickleSet {
  readonly items: PickleValue[];

  constructor(items: PickleValue[]) {
    this.items = items;
  }
}

/** A name that the pickle asked for and the caller knows: a function or a class. Never called by the machine itself. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;
  /** What a call of it gives; null where it may be named but not called. */
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | null;

  constructor(module: string, name: string, call: PickleGlobal["call"]) {
    this.module = module;
    this.name = name;
    this.call = call;
  }
}

export interface PickleHost {
  /** null refuses the global. */
  global(module: string, name: string): PickleGlobal | null;
  /** What a persistent id stands for. @throws FathomError when nothing */
  persistent(id: PickleValue): PickleValue;
}
