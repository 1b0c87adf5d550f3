/**
 * The pre-tokenizers of a tokenizer.json as Rust's tokenizers compute them. @huggingface/tokenizers 0.2.0 differs: it
 * has two of the five behaviors for the matches of a pattern, never splits at a metaspace, and uses JavaScript's white
 * space, word characters and code units.
 */
import { byteLevel } from "./byte-letters.ts";

/** A piece of a text, and whether it is the beginning of the text. */
interface Piece {
  text: string;
  first: boolean;
}
type Cut = (piece: Piece) => Piece[];
type Config = Readonly<Record<string, unknown>>;
type Compile = (pattern: unknown) => RegExp;

/**
 * @param compile turns a pattern of the file into a global JavaScript pattern
 * @returns a function from a piece of text and its section_index (0 when it begins the text) to the words for the model
 * @throws Error for an unknown kind or setting
 */
export function preTokenizerOf(
  config: unknown,
  compile: Compile,
): ((text: string, at: { section_index: number }) => string[]) | null {
  if (config === null || config === undefined) return null;
  const cut = cutOf(config as Config, compile);
  return (text, at) => cut({ text, first: at.section_index === 0 }).map((piece) => piece.text);
}

function cutOf(config: Config, compile: Compile): Cut {
  const type = config["type"];
  if (typeof type !== "string" || !Object.hasOwn(kinds, type))
    throw new Error(`an unknown pre-tokenizer: ${JSON.stringify(type)}`);
  return kinds[type]!(config, compile);
}

/**
 * When Metaspace puts its sign before a piece: "always", "first" (only at the beginning of the text) or "never".
 * @throws Error when the older setting "add_prefix_space" contradicts this: Rust refuses such a file too
 */
export function prependScheme(config: Config): unknown {
  const scheme = config["prepend_scheme"] ?? "always";
  if (config["add_prefix_space"] === false && scheme !== "never")
    throw new Error('a Metaspace whose "add_prefix_space" and "prepend_scheme" say different things');
  return scheme;
}

/** GPT-2's pattern. */
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const punctuation = /[!-/:-@[-`{-~\p{P}]/gu;
const space = /\p{White_Space}/gu;
const words =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

const kinds: Readonly<Record<string, (config: Config, compile: Compile) => Cut>> = {
  Sequence: (config, compile) => {
    const cuts = ((config["pretokenizers"] ?? []) as Config[]).map((part) => cutOf(part, compile));
    return (piece) => cuts.reduce((pieces, cut) => pieces.flatMap(cut), [piece]);
  },
  Split: (config, compile) =>
    splitAt(compile(config["pattern"]), config["behavior"], config["invert"] === true),
  Punctuation: (config) => splitAt(punctuation, config["behavior"] ?? "Isolated"),
  Digits: (config) => splitAt(/\p{N}/gu, config["individual_digits"] === true ? "Isolated" : "Contiguous"),
  CharDelimiterSplit: (config, compile) => splitAt(compile({ String: config["delimiter"] }), "Removed"),
  Whitespace: () => splitAt(words, "Removed", true),
  WhitespaceSplit: () => splitAt(space, "Removed"),
  BertPreTokenizer: () => {
    const [apart, marks] = [splitAt(space, "Removed"), splitAt(punctuation, "Isolated")];
    return (piece) => apart(piece).flatMap(marks);
  },
  FixedLength: (config) => {
    const length = config["length"] as number;
    const chunk = new RegExp(`[^]{1,${length}}`, "gu");
    return splitAt(chunk, "Isolated");
  },
  ByteLevel: (config, compile) => {
    const split = config["use_regex"] === false ? null : splitAt(compile({ Regex: gpt2 }), "Isolated");
    return ({ text, first }) => {
      const isApart = config["add_prefix_space"] === true && !text.startsWith(" ");
      const whole = { text: isApart ? ` ${text}` : text, first };
      return (split === null ? [whole] : split(whole)).map((one) => ({ ...one, text: byteLevel(one.text) }));
    };
  },
  Metaspace: (config) => {
    const sign = (config["replacement"] ?? "▁") as string;
    const scheme = prependScheme(config);
    const split = splitAt(new RegExp(escaped(sign), "gu"), "MergedWithNext");
    return ({ text, first }) => {
      const marked = text.replaceAll(" ", sign);
      const begins = scheme === "always" || (scheme === "first" && first);
      const whole = { text: begins && !marked.startsWith(sign) ? sign + marked : marked, first };
      return config["split"] === false ? [whole] : split(whole);
    };
  },
};

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** @param inverts whether the text between matches counts as found, and the matches do not */
function splitAt(pattern: RegExp, behavior: unknown, inverts = false): Cut {
  if (typeof behavior !== "string" || !Object.hasOwn(behaviors, behavior))
    throw new Error(`an unknown behavior: ${JSON.stringify(behavior)}`);
  const join = behaviors[behavior]!;
  return ({ text, first }) => {
    const parts: Part[] = [];
    let from = 0;
    for (const { 0: found, index } of text.matchAll(pattern)) {
      if (index > from) parts.push({ from, to: index, found: inverts });
      parts.push({ from: index, to: index + found.length, found: !inverts });
      from = index + found.length;
    }
    if (from < text.length) parts.push({ from, to: text.length, found: inverts });
    return join(parts)
      .filter(({ from: start, to }) => to > start)
      .map(({ from: start, to }) => ({ text: text.slice(start, to), first: first && start === 0 }));
  };
}

interface Part {
  from: number;
  to: number;
  found: boolean;
}

/** How the matches of a pattern are joined with the parts around them (Rust's SplitDelimiterBehavior). */
const behaviors: Readonly<Record<string, (parts: Part[]) => Part[]>> = {
  Isolated: (parts) => parts,
  Removed: (parts) => parts.filter(({ found }) => !found),
  Contiguous: (parts) => joined(parts, (part, before) => part.found === before),
  MergedWithPrevious: (parts) => joined(parts, (part, before) => part.found && !before),
  MergedWithNext: (parts) => joined(parts.toReversed(), (part, before) => part.found && !before).toReversed(),
};

/** @param joins whether a part is joined to the part before it; `before` says whether that part was found */
function joined(parts: readonly Part[], joins: (part: Part, before: boolean) => boolean): Part[] {
  const kept: Part[] = [];
  let before = false;
  for (const part of parts) {
    const last = kept.at(-1);
    if (last !== undefined && joins(part, before)) {
      last.from = Math.min(last.from, part.from);
      last.to = Math.max(last.to, part.to);
    } else kept.push({ ...part });
    before = part.found;
  }
  return kept;
}
