/**
 * A Python pickle, read and never executed. A pickle is a program for a small stack machine whose GLOBAL and REDUCE can
 * call any function; here the machine knows containers, texts and numbers, and asks its caller for each global by name.
 * What the caller does not know is refused by that name. Opcodes: CPython's Lib/pickletools.py, protocols 0 to 5.
 */
import { badInput } from "../../core/errors.ts";

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
  readonly items: PickleValue[] = [];
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

/**
 * Longest program. A state dict's has a few hundred bytes a tensor; each byte can make an object, so this also bounds the
 * memory that a hostile one takes.
 */
export const maxPickleBytes = 2 ** 20;

/**
 * @param bytes the program; may go on behind its end
 * @param where file, for messages
 * @returns the value, and how many bytes the program takes
 * @throws FathomError naming what is refused or broken
 */
export function readPickle(
  bytes: Uint8Array,
  where: string,
  host: PickleHost,
): { value: PickleValue; length: number } {
  return new Machine(bytes, where, host).run();
}

const mark = Symbol("mark");
type Slot = PickleValue | typeof mark;
const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  readonly #host: PickleHost;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;

  constructor(bytes: Uint8Array, where: string, host: PickleHost) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#host = host;
  }

  run(): { value: PickleValue; length: number } {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === 0x2e /* STOP */) return { value: this.#pop(), length: this.#at };
      this.#do(opcode);
    }
  }

  #do(opcode: number): void {
    const stack = this.#stack;
    switch (String.fromCharCode(opcode)) {
      case "\x80": // PROTO
        if (this.#byte() > 5) throw this.#wrong("a pickle of protocol 0 to 5", "a later one");
        return;
      case "\x95": // FRAME: the length only helps those who read ahead
        this.#skip(8);
        return;
      case "(":
        stack.push(mark);
        return;
      case "0":
        stack.pop();
        return;
      case "1":
        this.#sinceMark();
        return;
      case "2":
        stack.push(this.#top());
        return;
      case "N":
        stack.push(null);
        return;
      case "\x88":
        stack.push(true);
        return;
      case "\x89":
        stack.push(false);
        return;
      case "I":
        stack.push(this.#textInteger());
        return;
      case "L":
        stack.push(this.#integer(this.#line().replace(/L$/, "")));
        return;
      case "J":
        stack.push(this.#view.getInt32(this.#skip(4), true));
        return;
      case "K":
        stack.push(this.#byte());
        return;
      case "M":
        stack.push(this.#view.getUint16(this.#skip(2), true));
        return;
      case "\x8a": // LONG1
        stack.push(this.#long(this.#byte()));
        return;
      case "\x8b": // LONG4
        stack.push(this.#long(this.#size(4)));
        return;
      case "F":
        stack.push(this.#decimal(this.#line()));
        return;
      case "G":
        stack.push(this.#view.getFloat64(this.#skip(8), false));
        return;
      case "S":
        stack.push(this.#quoted(this.#line()));
        return;
      case "V":
        stack.push(this.#escaped(this.#line()));
        return;
      case "T": // BINSTRING
      case "X": // BINUNICODE
        stack.push(this.#text(this.#size(4)));
        return;
      case "U": // SHORT_BINSTRING
      case "\x8c": // SHORT_BINUNICODE
        stack.push(this.#text(this.#byte()));
        return;
      case "\x8d": // BINUNICODE8
        stack.push(this.#text(this.#size(8)));
        return;
      case "C": // SHORT_BINBYTES
        stack.push(this.#raw(this.#byte()));
        return;
      case "B": // BINBYTES
        stack.push(this.#raw(this.#size(4)));
        return;
      case "\x8e": // BINBYTES8
      case "\x96": // BYTEARRAY8
        stack.push(this.#raw(this.#size(8)));
        return;
      case "]":
      case ")":
        stack.push([]);
        return;
      case "l":
      case "t":
        stack.push(this.#sinceMark());
        return;
      case "\x85":
      case "\x86":
      case "\x87":
        stack.push(this.#popMany(opcode - 0x84));
        return;
      case "}":
        stack.push(new Map<PickleKey, PickleValue>());
        return;
      case "d":
        stack.push(this.#fill(new Map<PickleKey, PickleValue>(), this.#sinceMark()));
        return;
      case "\x8f": // EMPTY_SET
        stack.push(new PickleSet());
        return;
      case "\x91": {
        // FROZENSET
        const set = new PickleSet();
        set.items.push(...this.#sinceMark());
        stack.push(set);
        return;
      }
      case "a":
        this.#append([this.#pop()]);
        return;
      case "e":
        this.#append(this.#sinceMark());
        return;
      case "\x90": {
        // ADDITEMS
        const items = this.#sinceMark();
        const set = this.#top();
        if (!(set instanceof PickleSet)) throw this.#wrong("a set to add to", "something else");
        for (const item of items) set.items.push(item);
        return;
      }
      case "s":
        this.#setItems(this.#popMany(2));
        return;
      case "u":
        this.#setItems(this.#sinceMark());
        return;
      case "p":
        this.#memo.set(this.#index(this.#line()), this.#top());
        return;
      case "q":
        this.#memo.set(this.#byte(), this.#top());
        return;
      case "r":
        this.#memo.set(this.#size(4), this.#top());
        return;
      case "\x94": // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case "g":
        stack.push(this.#remembered(this.#index(this.#line())));
        return;
      case "h":
        stack.push(this.#remembered(this.#byte()));
        return;
      case "j":
        stack.push(this.#remembered(this.#size(4)));
        return;
      case "c": {
        const module = this.#line();
        stack.push(this.#global(module, this.#line()));
        return;
      }
      case "\x93": {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        stack.push(this.#global(module!, name!));
        return;
      }
      case "P":
        stack.push(this.#host.persistent(this.#line()));
        return;
      case "Q":
        stack.push(this.#host.persistent(this.#pop()));
        return;
      case "R": {
        const [callee, args] = this.#popMany(2);
        stack.push(this.#call(callee!, args!));
        return;
      }
      case "b":
        this.#build(this.#pop());
        return;
      default:
        throw this.#wrong("tensors, containers, texts and numbers", describe(opcode));
    }
  }

  /** The one object whose state may be set: a dictionary that carries attributes, as a state dict does. They are dropped. */
  #build(state: PickleValue): void {
    if (!(this.#top() instanceof Map) || !(state instanceof Map))
      throw this.#wrong("no object with a state of its own", "BUILD");
  }

  #global(module: PickleValue, name: PickleValue): PickleGlobal {
    if (typeof module !== "string" || typeof name !== "string") throw this.#wrong("names", "something else");
    const known = this.#host.global(module, name);
    if (known !== null) return known;
    throw this.#wrong(
      "tensors, containers, texts and numbers",
      `the global ${JSON.stringify(`${module}.${name}`.slice(0, 200))}`,
    );
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof PickleGlobal) || callee.call === null || !Array.isArray(args))
      throw this.#wrong(
        "calls that make tensors and containers",
        callee instanceof PickleGlobal ? `a call of ${callee.module}.${callee.name}` : "another call",
      );
    return callee.call(args as readonly PickleValue[]);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#wrong("a list to append to", "something else");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) throw this.#wrong("a dictionary to set an item of", "something else");
    this.#fill(map, items);
  }

  #fill(map: Map<PickleKey, PickleValue>, items: readonly PickleValue[]): Map<PickleKey, PickleValue> {
    if (items.length % 2 !== 0) throw this.#wrong("keys with values", "a key without one");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PickleValue;
      if (key !== null && typeof key === "object")
        throw this.#wrong("texts and numbers as keys", "another key");
      map.set(key, items[i + 1]!);
    }
    return map;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw this.#wrong("a value on the stack", "none");
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.#wrong("a value on the stack", "none");
    return value;
  }

  #popMany(count: number): PickleValue[] {
    const values = Array.from({ length: count }, () => this.#pop());
    return values.reverse();
  }

  #sinceMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#wrong("a mark on the stack", "none");
    return this.#stack.splice(at).slice(1) as PickleValue[];
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#wrong("a value that was remembered", `none under ${index}`);
    return value;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  /** Moves on. @returns where it was */
  #skip(count: number): number {
    const from = this.#at;
    if (!(from + count <= this.#bytes.length)) throw this.#wrong("a whole pickle", "one that is cut short");
    if (from + count > maxPickleBytes) throw this.#wrong(`at most ${maxPickleBytes} bytes`, "more");
    this.#at = from + count;
    return from;
  }

  #size(width: 4 | 8): number {
    const at = this.#skip(width);
    return width === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  #raw(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.slice(at, at + length);
  }

  #text(length: number): string {
    const at = this.#skip(length);
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.#wrong("texts in UTF-8", "other bytes");
    }
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#wrong("a whole pickle", "a line without an end");
    const at = this.#skip(end + 1 - this.#at);
    // Protocol 0 writes Latin-1, and escapes what lies beyond.
    return latin1.decode(this.#bytes.subarray(at, end));
  }

  #textInteger(): number | boolean {
    const line = this.#line();
    return line === "00" ? false : line === "01" ? true : this.#integer(line);
  }

  #integer(text: string): number {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value)) return value;
    throw this.#wrong("whole numbers below 2^53", JSON.stringify(text.slice(0, 40)));
  }

  #index(text: string): number {
    return this.#integer(text);
  }

  #decimal(text: string): number {
    const words: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
    const value = words[text] ?? (/^-?[\d.]+(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN);
    if (Number.isNaN(value) && text !== "nan")
      throw this.#wrong("a number", JSON.stringify(text.slice(0, 40)));
    return value;
  }

  /** Two's complement, little-endian. Longer ones are allowed when the number is small: torch's magic number is not. */
  #long(length: number): number | string {
    const at = this.#skip(length);
    if (length === 0) return 0;
    if (length > 16) throw this.#wrong("whole numbers of at most 16 bytes", String(length));
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    value = BigInt.asIntN(8 * length, value);
    // A number that a double cannot hold is kept as its digits: nothing here computes with it.
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : String(value);
  }

  /** Protocol 0 writes a text as Python's repr of it. */
  #quoted(line: string): string {
    const inner = /^(['"])(.*)\1$/s.exec(line)?.[2];
    if (inner === undefined) throw this.#wrong("a quoted text", JSON.stringify(line.slice(0, 40)));
    return this.#escaped(inner);
  }

  #escaped(line: string): string {
    return line.replace(
      /\\(?:u([\da-f]{4})|U([\da-f]{8})|x([\da-f]{2})|(.))/gi,
      (whole, u4?: string, u8?: string, x2?: string, other?: string) => {
        const code = u4 ?? u8 ?? x2;
        if (code !== undefined) {
          const point = Number.parseInt(code, 16);
          if (point <= 0x10_ffff) return String.fromCodePoint(point);
        }
        if (other === "\\" || other === "'" || other === '"') return other;
        throw this.#wrong("an escape that is known", JSON.stringify(whole));
      },
    );
  }

  #wrong(expected: string, found: string): Error {
    return badInput(
      `${this.#where} (pickle, byte ${this.#at})`,
      expected,
      found,
      "the same weights as .safetensors; a pickle can run any program, so nothing else is read from it",
    );
  }
}

/** Opcodes that are refused, by the names that pickletools gives them. */
const refused: Readonly<Record<string, string>> = {
  i: "INST, which calls a class",
  o: "OBJ, which calls a class",
  "\x81": "NEWOBJ, which makes an object of a class",
  "\x92": "NEWOBJ_EX, which makes an object of a class",
  "\x82": "EXT1, a global by number",
  "\x83": "EXT2, a global by number",
  "\x84": "EXT4, a global by number",
  "\x97": "NEXT_BUFFER, bytes from elsewhere",
  "\x98": "READONLY_BUFFER, bytes from elsewhere",
};

function describe(opcode: number): string {
  return refused[String.fromCharCode(opcode)] ?? `the opcode 0x${opcode.toString(16).padStart(2, "0")}`;
}
