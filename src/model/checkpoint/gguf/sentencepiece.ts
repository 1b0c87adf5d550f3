/**
 * tokenizer.ggml.model = "llama": a SentencePiece vocabulary of the BPE kind. It has scores and no merges. The merges are
 * all ways to cut a token into two other tokens, in the order of the tokens' scores. Fathom builds it as Transformers
 * does (integrations/gguf/gguf_tokenizer_mapping.py), which has three ways to write a space:
 *
 * - Llama: each space becomes ▁, and one ▁ is added before a text (but not after an added token).
 * - Phi-3: the same, but a normalizer does it, so that one ▁ is added before every piece between added tokens.
 * - Gemma: no ▁ is added before a text, and a run of spaces is a token, which the file writes with spaces.
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

/** @throws FathomError when the file has neither merges nor scores */
export function sentencePiece(vocabulary: Vocabulary): TokenizerParts {
  const { architecture } = vocabulary;
  if (typeof architecture === "string" && /^gemma[23]?$/.test(architecture)) {
    const tokens = vocabulary.tokens.map(withoutSpaces);
    // The order of Gemma's merges is the order of its tokens, not of its scores.
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
 * tokenizer.ggml.model = "gemma4": spaces as in Gemma, and merges from the file. The chat template writes the BOS. As in
 * Transformers, the tokenizer adds no BOS, whatever the file says.
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

/**
 * Whether a space is added before a text: the file's setting, or `usual`.
 * @throws FathomError for a Gemma that adds one
 */
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
 * The merges that a vocabulary implies (Transformers' generate_merges). They are sorted by score, then by the longer left
 * part, then by the longer right part. Among equals, the earlier token comes first, then the earlier parts.
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

/** All ways to cut a token into two tokens, sorted by the ids of the parts. */
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
