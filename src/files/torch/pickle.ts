/**
 * Reads a Python pickle without executing it. A pickle is a program for a small stack machine, and its opcodes GLOBAL
 * and REDUCE can call any function. The machine here knows only containers, texts and numbers. It asks its caller for
 * each global by name; a global that the caller does not know is refused by name. Opcodes: CPython's
 * Lib/pickletools.py, protocols 0 to 5.
 */
import { PickleBytes } from "./pickle-bytes.ts";
import { PickleStack } from "./pickle-stack.ts";
import {
  PickleGlobal,
  type PickleHost,
  type PickleKey,
  PickleSet,
  type PickleValue,
} from "./pickle-values.ts";

/**
 * @param bytes the program; other bytes may follow it
 * @param where file, for messages
 * @returns the value, and the length of the program in bytes
 * @throws FathomError that names what is refused or broken
 */
export function readPickle(
  bytes: Uint8Array,
  where: string,
  host: PickleHost,
): { value: PickleValue; length: number } {
  return new Machine(new PickleBytes(bytes, where), host).run();
}

class Machine {
  readonly #read: PickleBytes;
  readonly #host: PickleHost;
  readonly #stack: PickleStack;

  constructor(read: PickleBytes, host: PickleHost) {
    this.#read = read;
    this.#host = host;
    this.#stack = new PickleStack(read);
  }

  run(): { value: PickleValue; length: number } {
    for (;;) {
      const opcode = this.#read.byte();
      if (opcode === 0x2e /* STOP */) return { value: this.#stack.pop(), length: this.#read.at };
      this.#do(opcode);
    }
  }

  #do(opcode: number): void {
    const read = this.#read;
    const stack = this.#stack;
    switch (String.fromCharCode(opcode)) {
      case "\x80": // PROTO
        if (read.byte() > 5) throw read.wrong("a pickle of protocol 0 to 5", "a later one");
        return;
      case "\x95": // FRAME: its length only helps readers that read ahead
        read.skip(8);
        return;
      case "(":
        stack.mark();
        return;
      case "0":
        stack.drop();
        return;
      case "1":
        stack.sinceMark();
        return;
      case "2":
        stack.push(stack.top());
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
        stack.push(read.textInteger());
        return;
      case "L":
        stack.push(read.integer(read.line().replace(/L$/, "")));
        return;
      case "J":
        stack.push(read.int32());
        return;
      case "K":
        stack.push(read.byte());
        return;
      case "M":
        stack.push(read.uint16());
        return;
      case "\x8a": // LONG1
        stack.push(read.long(read.byte()));
        return;
      case "\x8b": // LONG4
        stack.push(read.long(read.size(4)));
        return;
      case "F":
        stack.push(read.decimal(read.line()));
        return;
      case "G":
        stack.push(read.float64());
        return;
      case "S":
        stack.push(read.quoted(read.line()));
        return;
      case "V":
        stack.push(read.escaped(read.line()));
        return;
      case "T": // BINSTRING
      case "X": // BINUNICODE
        stack.push(read.text(read.size(4)));
        return;
      case "U": // SHORT_BINSTRING
      case "\x8c": // SHORT_BINUNICODE
        stack.push(read.text(read.byte()));
        return;
      case "\x8d": // BINUNICODE8
        stack.push(read.text(read.size(8)));
        return;
      case "C": // SHORT_BINBYTES
        stack.push(read.raw(read.byte()));
        return;
      case "B": // BINBYTES
        stack.push(read.raw(read.size(4)));
        return;
      case "\x8e": // BINBYTES8
      case "\x96": // BYTEARRAY8
        stack.push(read.raw(read.size(8)));
        return;
      case "]":
      case ")":
        stack.push([]);
        return;
      case "l":
      case "t":
        stack.push(stack.sinceMark());
        return;
      case "\x85":
      case "\x86":
      case "\x87":
        stack.push(stack.popMany(opcode - 0x84));
        return;
      case "}":
        stack.push(new Map<PickleKey, PickleValue>());
        return;
      case "d":
        stack.push(this.#fill(new Map<PickleKey, PickleValue>(), stack.sinceMark()));
        return;
      case "\x8f": // EMPTY_SET
        stack.push(new PickleSet([]));
        return;
      case "\x91": // FROZENSET
        stack.push(new PickleSet(stack.sinceMark()));
        return;
      case "a":
        this.#append([stack.pop()]);
        return;
      case "e":
        this.#append(stack.sinceMark());
        return;
      case "\x90": {
        // ADDITEMS
        const items = stack.sinceMark();
        const set = stack.top();
        if (!(set instanceof PickleSet)) throw read.wrong("a set to add to", "something else");
        for (const item of items) set.items.push(item);
        return;
      }
      case "s":
        this.#setItems(stack.popMany(2));
        return;
      case "u":
        this.#setItems(stack.sinceMark());
        return;
      case "p":
        stack.remember(read.integer(read.line()));
        return;
      case "q":
        stack.remember(read.byte());
        return;
      case "r":
        stack.remember(read.size(4));
        return;
      case "\x94": // MEMOIZE
        stack.remember();
        return;
      case "g":
        stack.push(stack.remembered(read.integer(read.line())));
        return;
      case "h":
        stack.push(stack.remembered(read.byte()));
        return;
      case "j":
        stack.push(stack.remembered(read.size(4)));
        return;
      case "c": {
        const module = read.line();
        stack.push(this.#global(module, read.line()));
        return;
      }
      case "\x93": {
        // STACK_GLOBAL
        const [module, name] = stack.popMany(2);
        stack.push(this.#global(module!, name!));
        return;
      }
      case "P":
        stack.push(this.#host.persistent(read.line()));
        return;
      case "Q":
        stack.push(this.#host.persistent(stack.pop()));
        return;
      case "R": {
        const [callee, args] = stack.popMany(2);
        stack.push(this.#call(callee!, args!));
        return;
      }
      case "b":
        this.#build(stack.pop());
        return;
      default:
        throw read.wrong("tensors, containers, texts and numbers", describe(opcode));
    }
  }

  /** BUILD sets an object's state. Only a dictionary may have one (a state dict has attributes); the state is dropped. */
  #build(state: PickleValue): void {
    if (!(this.#stack.top() instanceof Map) || !(state instanceof Map))
      throw this.#read.wrong("no object with a state of its own", "BUILD");
  }

  #global(module: PickleValue, name: PickleValue): PickleGlobal {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.#read.wrong("names", "something else");
    const known = this.#host.global(module, name);
    if (known !== null) return known;
    throw this.#read.wrong(
      "tensors, containers, texts and numbers",
      `the global ${JSON.stringify(`${module}.${name}`.slice(0, 200))}`,
    );
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof PickleGlobal) || callee.call === null || !Array.isArray(args))
      throw this.#read.wrong(
        "calls that make tensors and containers",
        callee instanceof PickleGlobal ? `a call of ${callee.module}.${callee.name}` : "another call",
      );
    return callee.call(args as readonly PickleValue[]);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#stack.top();
    if (!Array.isArray(list)) throw this.#read.wrong("a list to append to", "something else");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const map = this.#stack.top();
    if (!(map instanceof Map)) throw this.#read.wrong("a dictionary to set an item of", "something else");
    this.#fill(map, items);
  }

  #fill(map: Map<PickleKey, PickleValue>, items: readonly PickleValue[]): Map<PickleKey, PickleValue> {
    if (items.length % 2 !== 0) throw this.#read.wrong("keys with values", "a key without one");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PickleValue;
      if (key !== null && typeof key === "object")
        throw this.#read.wrong("texts and numbers as keys", "another key");
      map.set(key, items[i + 1]!);
    }
    return map;
  }
}

/** Refused opcodes with the names that pickletools gives them. */
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
