/** tokenizer.ggml.model = "gpt2": byte-level BPE, written as in a tokenizer.json. */
import { badInput } from "../../../core/errors.ts";
import { splitterOf } from "./splitters.ts";
import type { TokenizerParts, Vocabulary } from "./vocabulary.ts";

/** @throws FathomError for an unknown splitter, or a file without merges */
export function byteLevel({ path, tokens, merges, splitter }: Vocabulary): TokenizerParts {
  if (merges === null) throw badInput(`${path} "tokenizer.ggml.merges"`, "a list of texts", "nothing");
  const { preTokenizer, ignoreMerges, addBos } = splitterOf(path, splitter);
  return {
    parts: {
      normalizer: null,
      pre_tokenizer: preTokenizer,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { merges, ignore_merges: ignoreMerges, byte_fallback: false },
    },
    tokens,
    addBos,
  };
}
