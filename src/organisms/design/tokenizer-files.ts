/** The organism's tokenizer as files that Transformers and compatible programs read. */
import type { BytePairs } from "./learn-bpe.ts";

/** The id of a special token is its position in this list. The bytes and merges follow. */
export const specialTokens = [
  "<|pad|>",
  "<|begin|>",
  "<|endoftext|>",
  "<|end|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
] as const;
export type SpecialToken = (typeof specialTokens)[number];

export function specialId(token: SpecialToken): number {
  return specialTokens.indexOf(token);
}

/** One turn is `<|role|>content<|end|>`. The text begins with the only begin token. */
export const chatTemplate =
  "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

export function tokenizerJson({ vocabulary, merges }: BytePairs): object {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    // Plain text gets the begin token here. The chat template writes it itself, so its text is encoded without this step.
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<|begin|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: "<|begin|>", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: {
        "<|begin|>": { id: "<|begin|>", ids: [specialId("<|begin|>")], tokens: ["<|begin|>"] },
      },
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...specialTokens.map((token, id) => [token, id] as const), ...vocabulary]),
      merges,
    },
  };
}

export function tokenizerConfig(contextLength: number): object {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|begin|>",
    eos_token: "<|end|>",
    pad_token: "<|pad|>",
    clean_up_tokenization_spaces: false,
    model_max_length: contextLength,
  };
}
