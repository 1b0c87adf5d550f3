/**
 * The normalizers of a tokenizer.json as Rust's tokenizers compute them. @huggingface/tokenizers 0.2.0 approximates
 * compiled normalizers, and in others it uses JavaScript's white space, final sigmas and replacement strings. Fathom
 * uses only its reading of patterns.
 */

import { byteLevel } from "./byte-letters.ts";
import { precompiled } from "./precompiled.ts";
import { nfc, nfd, nfkc, nfkd } from "./unicode-forms.ts";
import { whiteSpaceAfter, whiteSpaceBefore } from "./white-space.ts";
import { youngFormats, youngMarks, youngNonspacing } from "./young-characters.ts";

export type Normalizer = (text: string) => string;

type Config = Readonly<Record<string, unknown>>;

/**
 * @param compile turns a pattern of the file into a JavaScript pattern
 * @throws Error for an unknown kind or a broken part
 */
export function normalizerOf(config: unknown, compile: (pattern: unknown) => RegExp): Normalizer | null {
  if (config === null || config === undefined) return null;
  const { type, ...settings } = config as Config & { type?: unknown };
  if (type === "Sequence") {
    const parts = (settings as { normalizers?: unknown[] }).normalizers ?? [];
    const all = parts.flatMap((part) => normalizerOf(part, compile) ?? []);
    return (text) => all.reduce((normal, one) => one(normal), text);
  }
  if (typeof type !== "string" || !Object.hasOwn(kinds, type))
    throw new Error(`an unknown normalizer: ${JSON.stringify(type)}`);
  return kinds[type]!(settings, compile);
}

const kinds: Readonly<Record<string, (config: Config, compile: (pattern: unknown) => RegExp) => Normalizer>> =
  {
    NFC: () => nfc,
    NFD: () => nfd,
    NFKC: () => nfkc,
    NFKD: () => nfkd,
    Lowercase: () => lowercase,
    StripAccents: () => (text) => text.replace(marks, ""),
    Strip: strip,
    Prepend: ({ prepend }) => {
      return (text) => (text === "" ? "" : String(prepend) + text);
    },
    Replace: ({ pattern, content }, compile) => {
      const compiled = compile(pattern);
      // A function, because "$" has a special meaning in JavaScript's replacement strings.
      return (text) => text.replace(compiled, () => String(content));
    },
    Nmt: () => nmt,
    Precompiled: ({ precompiled_charsmap: charsmap }) => precompiled(charsmap),
    BertNormalizer: bert,
    ByteLevel: () => byteLevel,
  };

// The characters after "|" were marks in the older tables, and are letters or spacing marks now.
const marks = new RegExp(`(?!${youngMarks})\\p{M}|[\\u1cf2\\u1cf3]`, "gu");
const nonspacing = new RegExp(`(?!${youngNonspacing})\\p{Mn}|[\\u1734\\u{1171e}]`, "gu");
const controls = new RegExp(`[\\0\ufffd]|(?![\\t\\n\\r]|${youngFormats})[\\p{Cc}\\p{Cf}\\p{Co}]`, "gu");

/** Lower case letter by letter, so that there is no final sigma. */
function lowercase(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text.toLowerCase() : Array.from(text, (c) => c.toLowerCase()).join("");
}

function strip({ strip_left: left, strip_right: right }: Config): Normalizer {
  return (text) => {
    const start = left === true ? whiteSpaceAfter(text, 0) : 0;
    const end = right === true ? whiteSpaceBefore(text, start, text.length) : text.length;
    return text.slice(start, end);
  };
}

/** The first step of the normalization of Google's translation models. */
function nmt(text: string): string {
  return text
    .replace(/[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g, "")
    .replace(/[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g, " ");
}

const chinese =
  /[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/gu;

function bert(config: Config): Normalizer {
  const lowers = config["lowercase"] === true;
  const strips = (config["strip_accents"] ?? lowers) === true;
  return (text) => {
    let normal = text;
    if (config["clean_text"] === true)
      normal = normal.replace(controls, "").replace(/\p{White_Space}/gu, " ");
    if (config["handle_chinese_chars"] === true) normal = normal.replace(chinese, (c) => ` ${c} `);
    if (strips) normal = nfd(normal).replace(nonspacing, "");
    return lowers ? lowercase(normal) : normal;
  };
}
