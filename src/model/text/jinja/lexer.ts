/**
 * Cuts a template into text and the tokens inside tags, with the white-space rules that Transformers switches on: the
 * line break after a block or comment is removed (trim_blocks), and so is the indentation before it (lstrip_blocks).
 * Source: Jinja 3.1, "Whitespace Control".
 */
import { TemplateProblem } from "./budget.ts";
import { space } from "./marked-text.ts";

export type Token = { line: number } & (
  | { kind: "text" | "name" | "operator" | "string"; value: string }
  | { kind: "integer" | "float"; value: string }
  | { kind: "open block" | "close block" | "open output" | "close output" | "end"; value: string }
);

const tagStart = /\{(?:\{|%|#)[-+]?/g;
const rawStart = new RegExp(`^[${space}]*raw[${space}]*(-?)%\\}`);
const rawEnd = new RegExp(`\\{%([-+]?)[${space}]*endraw[${space}]*([-+]?)%\\}`, "g");
const spaces = new RegExp(`[${space}]+`, "y");
const float = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const integer = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const name = /[\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]+/uy;
const string = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const operator = /\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y;
const closing = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/** @throws TemplateProblem naming the line of the first error */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #counted = 0;
  /** Whether the current place is at the start of a line. */
  #lineStarts = true;

  constructor(source: string) {
    this.#source = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      tagStart.lastIndex = this.#at;
      const tag = tagStart.exec(this.#source);
      if (tag === null) {
        this.#text(this.#source.length, "");
        break;
      }
      this.#text(tag.index, tag[0]);
      this.#at = tag.index + tag[0].length;
      if (tag[0].startsWith("{#")) this.#comment();
      else if (tag[0].startsWith("{{")) this.#inside("open output", "close output", "}}");
      else if (!this.#raw()) this.#inside("open block", "close block", "%}");
    }
    this.#push("end", "");
    return this.#tokens;
  }

  #fail(found: string): never {
    throw new TemplateProblem(`${found} in line ${this.#lineAt()}`);
  }

  #lineAt(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#source[this.#counted] === "\n") this.#line++;
    return this.#line;
  }

  #push(kind: Token["kind"], value: string): void {
    this.#tokens.push({ kind, value, line: this.#lineAt() });
  }

  /** Adds the text up to a tag, without the white space that the tag's sign or lstrip_blocks removes from its end. */
  #text(end: number, tag: string): void {
    const text = this.#source.slice(this.#at, end);
    this.#data(text.slice(0, kept(text, tag, this.#lineStarts)));
  }

  #data(text: string): void {
    if (text !== "") this.#push("text", text);
  }

  /** Skips a closing tag and the white space that is removed with it. */
  #close(end: string, sign: string, trims: boolean): void {
    this.#at += sign.length + end.length;
    let last = end;
    if (sign === "-") {
      spaces.lastIndex = this.#at;
      last = spaces.exec(this.#source)?.[0] ?? last;
      if (last !== end) this.#at += last.length;
    } else if (sign === "" && trims && this.#source[this.#at] === "\n") {
      last = "\n";
      this.#at++;
    }
    this.#lineStarts = last.endsWith("\n");
  }

  #comment(): void {
    const end = this.#source.indexOf("#}", this.#at);
    if (end < 0) this.#fail("a comment without an end");
    const before = end > this.#at ? this.#source[end - 1]! : "";
    const sign = before === "-" || before === "+" ? before : "";
    this.#at = end - sign.length;
    this.#close("#}", sign, true);
  }

  /** Reads a raw block as text. @returns whether the block that opens here is a raw block */
  #raw(): boolean {
    const start = rawStart.exec(this.#source.slice(this.#at, this.#at + 1000));
    if (start === null) return false;
    this.#at += start[0].length - start[1]!.length - 2;
    this.#close("%}", start[1]!, false);
    rawEnd.lastIndex = this.#at;
    const end = rawEnd.exec(this.#source);
    if (end === null) this.#fail("a raw block without an end");
    this.#text(end.index, `{%${end[1]!}`);
    this.#at = end.index + end[0].length - end[2]!.length - 2;
    this.#close("%}", end[2]!, true);
    return true;
  }

  #inside(open: Token["kind"], close: Token["kind"], end: string): void {
    const source = this.#source;
    this.#push(open, "");
    const brackets: string[] = [];
    for (;;) {
      this.#take(spaces);
      if (this.#at >= source.length) this.#fail("a tag without an end");
      const sign = /[-+]/.test(source.charAt(this.#at)) ? source.charAt(this.#at) : "";
      const isEnd = source.startsWith(end, this.#at + sign.length) && !(sign === "+" && end === "}}");
      if (brackets.length === 0 && isEnd) {
        this.#push(close, "");
        this.#close(end, sign, end === "%}");
        return;
      }
      this.#token(brackets);
    }
  }

  #token(brackets: string[]): void {
    const afterDot = this.#source[this.#at - 1] === ".";
    let value: string | null;
    if (!afterDot && (value = this.#take(float)) !== null) this.#push("float", value.replaceAll("_", ""));
    else if ((value = this.#take(integer)) !== null) this.#push("integer", value.replaceAll("_", ""));
    else if ((value = this.#take(name)) !== null) this.#push("name", value);
    else if ((value = this.#take(string)) !== null) this.#push("string", unescape(value.slice(1, -1)));
    else if ((value = this.#take(operator)) !== null) {
      const close = closing.get(value);
      if (close !== undefined) brackets.push(close);
      else if (")]}".includes(value) && brackets.pop() !== value) this.#fail(`an unexpected ${value}`);
      this.#push("operator", value);
    } else this.#fail(`an unexpected ${JSON.stringify(this.#source[this.#at])}`);
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}

/** How many characters of the text before a tag are kept. */
function kept(text: string, tag: string, lineStarts: boolean): number {
  const isSpace = new RegExp(`[${space}]`);
  const backTo = (from: number) => {
    let end = text.length;
    while (end > from && isSpace.test(text[end - 1]!)) end--;
    return end;
  };
  if (tag.endsWith("-")) return backTo(0);
  const isBlock = tag === "{%" || tag === "{#";
  const line = text.lastIndexOf("\n") + 1;
  if (isBlock && (line > 0 || lineStarts) && backTo(line) === line) return line;
  return text.length;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "'": "'",
  '"': '"',
  "\\": "\\",
  "\n": "",
};

/** Replaces Python's escapes. An escape that Python does not know stays unchanged. */
function unescape(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g,
    (whole: string, x?: string, u?: string, U?: string, octal?: string, one?: string) => {
      const hex = x ?? u ?? U;
      if (hex === undefined && octal === undefined) {
        if (one === "x" || one === "u" || one === "U" || one === "N")
          throw new TemplateProblem(`the escape ${JSON.stringify(whole)}, which is incomplete`);
        return escapes[one!] ?? whole;
      }
      const code = hex === undefined ? parseInt(octal!, 8) : parseInt(hex, 16);
      if (code > 0x10ffff) throw new TemplateProblem(`the escape ${whole}, which is no character`);
      return String.fromCodePoint(code);
    },
  );
}
