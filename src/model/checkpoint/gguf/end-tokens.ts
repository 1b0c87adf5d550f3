/**
 * The tokens that end an answer of a GGUF file's model. Metadata keys name some of them, but few converters wrote every
 * key. llama.cpp, for which the files are made, therefore also ends at tokens with certain spellings (llama-vocab.cpp,
 * its end-of-generation tokens).
 */
import type { OpenedAnswering } from "../opened/opened.ts";
import { tokenId } from "./gguf-tokenizer.ts";
import type { GgufHeader } from "./header.ts";

/** llama.cpp's kind number of a control token. */
const control = 3;

const named = ["eos", "eot", "eom"];

const spelled = [
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<|return|>",
  "<|call|>",
  "<|flush|>",
  "<|calls|>",
  "<end_of_turn>",
  "<|endoftext|>",
  "</s>",
  "<|eom_id|>",
  "<EOT>",
  "_<EOT>",
  "[EOT]",
  "[EOS]",
  "<|end_of_text|>",
  "<end_of_utterance>",
  "<eos>",
  "<turn|>",
  "<|tool_response>",
];

/**
 * Marks of fill-in-the-middle code, with which a coder model continues when its answer is over. A key in the file takes
 * precedence over these spellings.
 */
const filling: Readonly<Record<string, readonly string[]>> = {
  fim_pad: ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
  fim_rep: ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"],
  fim_sep: ["<|file_sep|>"],
};

/** Tokens that do not end an answer when all tokens in `beside` exist: they separate the parts of one answer. */
const between: readonly { token: string; beside: readonly string[] }[] = [
  { token: "<|end|>", beside: ["<|return|>", "<|call|>"] },
  { token: "<|end|>", beside: ["<|return|>", "<|calls|>"] },
  { token: "<|end|>", beside: ["<|flush|>", "<|call|>"] },
  { token: "<|end|>", beside: ["<|flush|>", "<|calls|>"] },
  { token: "</s>", beside: ["<|tool_response>"] },
];

/** @throws FathomError for a key with an id for which the model has no row */
export function ggufEndTokens(
  { path, metadata }: GgufHeader,
  vocabSize: number,
): Pick<OpenedAnswering, "named" | "known"> {
  const byKey = (role: string) => tokenId(path, metadata, role, vocabSize) ?? [];
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const listed: readonly unknown[] = Array.isArray(tokens) ? tokens.slice(0, vocabSize) : [];
  const kinds = metadata.get("tokenizer.ggml.token_type");
  // This differs from llama.cpp. When "</s>" is not a control token
  // (Qwen, Gemma 3), it is HTML that an answer may contain.
  const isMark = (token: unknown, id: number) =>
    token !== "</s>" || !Array.isArray(kinds) || kinds[id] === control;
  const wanted = new Set([...spelled, ...Object.values(filling).flat()]);
  const ids = new Map(
    listed.flatMap((token, id) =>
      wanted.has(token as string) && isMark(token, id) ? [[token, id]] : [],
    ) as [string, number][],
  );
  const inside = new Set(
    between.filter(({ beside }) => beside.every((other) => ids.has(other))).map(({ token }) => token),
  );
  const bySpelling = (spellings: readonly string[]) =>
    spellings.filter((token) => !inside.has(token)).flatMap((token) => ids.get(token) ?? []);
  return {
    named: [...new Set(named.flatMap(byKey))],
    known: [
      ...bySpelling(spelled),
      ...Object.entries(filling).flatMap(([role, spellings]) => {
        const keyed = [byKey(role)].flat();
        return keyed.length > 0 ? keyed : bySpelling(spellings);
      }),
    ],
  };
}
