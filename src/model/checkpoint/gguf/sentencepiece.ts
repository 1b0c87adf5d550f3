/**
 * tokenizer.ggml.model = "llama": a SentencePiece vocabulary of the BPE kind. It has scores and no merges; the merges are
 * every way to cut a token into two others, those of the best token first. Built as Transformers builds it
 * (integrations/gguf/gguf_tokenizer_mapping.py), which knows three ways to write a space:
 *
 * - Llama: each space is ▁, and one more goes before a text (not before what follows an added token).
 * - Phi-3: the same by a normalizer, so that one goes before every piece between added tokens.
 * - Gemma: nothing goes before a text, and a run of spaces is a token, which the file spells with spaces.
 */
import { badInput } from "../../../core/errors.ts";
import type { TokenizerParts, Vocabulary } from "./vocabulary.ts";

const space = "▁";
const replaceSpaces = { type: "Replace", pattern: { String: " " }, content: space };
const decoders = [
  { type: "Replace", pattern: { String: space }, content: " " },
  { type: "ByteFallback" },
  { type: "Fuse" },
];
const stripFirst = { type: "Strip", content: " ", start: 1, stop: 0 };

/** @throws FathomError when neither merges nor scores say what to join first */
export function sentencePiece(vocabulary: Vocabulary): TokenizerParts {
  const { architecture } = vocabulary;
  if (typeof architecture === "string" && /^gemma[23]?$/.test(architecture)) {
    const tokens = vocabulary.tokens.map(withoutSpaces);
    // Gemma's scores do not follow its merges; the order of its tokens does.
    return gemma(vocabulary, tokens, (ids) => mergesOf(tokens, ids, (id) => -id));
  }
  const prefix = readPrefix(vocabulary, true);
  const spaces =
    architecture === "phi3"
      ? {
          normalizer: {
            type: "Sequence",
            normalizers: [...(prefix ? [{ type: "Prepend", prepend: space }] : []), replaceSpaces],
          },
          pre_tokenizer: null,
        }
      : {
          normalizer: null,
          pre_tokenizer: {
            type: "Metaspace",
            replacement: space,
            prepend_scheme: prefix ? "first" : "never",
            split: false,
          },
        };
  return {
    parts: {
      ...spaces,
      decoder: { type: "Sequence", decoders: prefix ? [...decoders, stripFirst] : decoders },
      model: modelOf(vocabulary, (ids) => mergesOf(vocabulary.tokens, ids, scoreOf(vocabulary))),
    },
    tokens: vocabulary.tokens,
    addBos: true,
  };
}

/**
 * tokenizer.ggml.model = "gemma4": Gemma's way with spaces, and merges from the file. The chat template writes the BOS;
 * Transformers adds none whatever the file says, and so do we.
 */
export function gemma4(vocabulary: Vocabulary): TokenizerParts {
  const { tokens } = vocabulary;
  const made = gemma(vocabulary, tokens, (ids) => mergesOf(tokens, ids, scoreOf(vocabulary)));
  return { ...made, addBos: "never" };
}

type DeriveMerges = (ids: ReadonlyMap<string, number>) => [string, string][];

function gemma(vocabulary: Vocabulary, tokens: readonly string[], derive: DeriveMerges): TokenizerParts {
  readPrefix(vocabulary, false);
  return {
    parts: {
      normalizer: replaceSpaces,
      pre_tokenizer: {
        type: "Split",
        pattern: { String: " " },
        behavior: "MergedWithPrevious",
        invert: false,
      },
      decoder: { type: "Sequence", decoders },
      model: modelOf({ ...vocabulary, tokens }, derive),
    },
    tokens,
    addBos: true,
  };
}

function modelOf({ tokens, merges, unknown }: Vocabulary, derive: DeriveMerges): object {
  return {
    merges: merges ?? derive(new Map(tokens.map((token, id) => [token, id]))),
    unk_token: unknown,
    fuse_unk: true,
    byte_fallback: true,
    ignore_merges: false,
  };
}

/** Whether a space goes before a text: the file's word, else the usual. @throws FathomError for a Gemma with one */
function readPrefix({ path, spacePrefix }: Vocabulary, usual: boolean): boolean {
  const wanted = spacePrefix ?? usual;
  if (typeof wanted !== "boolean" || (wanted && !usual))
    throw badInput(
      `${path} "tokenizer.ggml.add_space_prefix"`,
      usual ? "true or false" : "false for a Gemma",
      JSON.stringify(wanted),
    );
  return wanted;
}

function scoreOf({ path, scores, tokens }: Vocabulary): (id: number) => number {
  if (scores.length !== tokens.length)
    throw badInput(`${path} "tokenizer.ggml.scores"`, `${tokens.length} scores, or merges`, "neither");
  return (id) => scores[id]!;
}

function withoutSpaces(token: string): string {
  return token.includes(" ") && token.trim() === "" ? space.repeat(token.length) : token;
}

/**
 * The merges that a vocabulary implies (Transformers' generate_merges): by score, then the longer left part, then the
 * longer right one; among equals, those of the earlier token, then the earlier parts.
 */
function mergesOf(
  tokens: readonly string[],
  ids: ReadonlyMap<string, number>,
  score: (id: number) => number,
): [string, string][] {
  const order = tokens.map((_, id) => id).sort((a, b) => score(b) - score(a));
  const merges: [string, string][] = [];
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && score(order[to]!) === score(order[from]!)) to += 1;
    const tied = order.slice(from, to).flatMap((id) => cutsOf(tokens[id]!, ids));
    merges.push(...tied.sort((a, b) => length(b[0]) - length(a[0]) || length(b[1]) - length(a[1])));
    from = to;
  }
  return merges;
}

/** Every way to cut a token into two tokens, by the ids of the parts. */
function cutsOf(token: string, ids: ReadonlyMap<string, number>): [string, string][] {
  const cuts: [string, string][] = [];
  for (let at = 1; at < token.length; at++) {
    const [left, right] = [token.slice(0, at), token.slice(at)];
    if (ids.has(left) && ids.has(right)) cuts.push([left, right]);
  }
  return cuts.sort((a, b) => ids.get(a[0])! - ids.get(b[0])! || ids.get(a[1])! - ids.get(b[1])!);
}

/** In characters, not UTF-16 units. */
function length(token: string): number {
  let count = 0;
  for (const _ of token) count += 1;
  return count;
}
