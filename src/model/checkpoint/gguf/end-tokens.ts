/**
 * What ends an answer of a GGUF file's model. Keys name some of it; llama.cpp, which files are made for, ends at tokens of
 * certain spellings as well (llama-vocab.cpp, its end-of-generation tokens): few converters wrote every key.
 */
import type { OpenedAnswering } from "../opened/opened.ts";
import { tokenId } from "./gguf-tokenizer.ts";
import type { GgufHeader } from "./header.ts";

/** llama.cpp's kind of a token that steers. */
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

/** Marks of code to be filled in that a coder model goes on to when its answer is over; a key has the word before spellings. */
const filling: Readonly<Record<string, readonly string[]>> = {
  fim_pad: ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
  fim_rep: ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"],
  fim_sep: ["<|file_sep|>"],
};

/** Tokens that end nothing where all of the others are there: they stand between the parts of one answer. */
const between: readonly { token: string; beside: readonly string[] }[] = [
  { token: "<|end|>", beside: ["<|return|>", "<|call|>"] },
  { token: "<|end|>", beside: ["<|return|>", "<|calls|>"] },
  { token: "<|end|>", beside: ["<|flush|>", "<|call|>"] },
  { token: "<|end|>", beside: ["<|flush|>", "<|calls|>"] },
  { token: "</s>", beside: ["<|tool_response>"] },
];

/** @throws FathomError for a key whose id the model has no row for */
export function ggufEndTokens(
  { path, metadata }: GgufHeader,
  vocabSize: number,
): Pick<OpenedAnswering, "named" | "known"> {
  const byKey = (role: string) => tokenId(path, metadata, role, vocabSize) ?? [];
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const listed: readonly unknown[] = Array.isArray(tokens) ? tokens.slice(0, vocabSize) : [];
  const kinds = metadata.get("tokenizer.ggml.token_type");
  // Here llama.cpp is not followed: where it is no control token (Qwen, Gemma 3) it is HTML that an answer may hold.
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
