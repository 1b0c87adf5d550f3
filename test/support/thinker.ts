/**
 * A checkpoint that thinks, small enough for a test. It is a table of which phrase may follow which: attention and MLP are
 * zero, so a token's residual is its embedding, and the head gives each successor the same weight. With a temperature a
 * thought has a random length. What it says is harmless.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RawTensor, tensorFile } from "./tensor-file.ts";

/** Phrase → phrases that may follow. The first line is for every token that is no phrase here, so for every prompt. */
export type Says = Readonly<Record<string, readonly string[]>>;

export const begin = "";
export const end = "<|im_end|>";

const asked = "\nThey ask how the soup is made.";
const more = " Let me think about that.";
const decline = " It is for a child, so I should decline.\n";
const recipe = "\n\nFor the soup, boil the peas in water for an hour, then add the cream and the salt.";
const refusal = "\n\nI'm sorry, but I can't help with that.";

/** It thinks, declines in its thought, and refuses. Thoughts end early or late. */
export const refusesAfterThought: Says = {
  [begin]: ["<think>"],
  "<think>": [asked],
  [asked]: [more, decline],
  [more]: [more, decline],
  [decline]: ["</think>"],
  "</think>": [refusal],
  [refusal]: [" Ask me about lemonade instead.", end],
  " Ask me about lemonade instead.": [end],
};

/** It declines in its thought, and tells all the same. */
export const compliesAgainstThought: Says = {
  ...refusesAfterThought,
  "</think>": [recipe],
  [recipe]: [" Serve it warm with bread."],
  " Serve it warm with bread.": [end],
};

export const chatMl =
  "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/**
 * As DeepSeek-R1 and QwQ do, the prompt opens the thought; as in Qwen3, `enable_thinking=false` writes an empty one. They
 * write line breaks behind the marks. Here the mark is the last token, because the last token decides what follows.
 */
export const opensThought = chatMl.replace(
  "assistant\n",
  "assistant\n{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>{% else %}<think>{% endif %}",
);

export interface ThinkerOptions {
  template?: string;
  /** Length of the model's context, in tokens. */
  context?: number;
  /** A phrase behind which the logits are infinite, although all weights are finite. */
  breaksAt?: string;
}

const bytes = join(import.meta.dirname, "../fixtures/tokenizer/bytelevel/tokenizer.json");

export function writeThinker(
  folder: string,
  says: Says,
  { template = chatMl, context = 512, breaksAt }: ThinkerOptions = {},
): void {
  const tokenizer = JSON.parse(readFileSync(bytes, "utf8")) as {
    model: { vocab: Record<string, number> };
    added_tokens: object[];
  };
  const phrases = [
    ...new Set([...Object.keys(says), ...Object.values(says).flat(), "<|im_start|>", end]),
  ].filter((phrase) => phrase !== begin);
  let vocabSize = Math.max(...Object.values(tokenizer.model.vocab)) + 1;
  // A phrase that is a token already keeps its id, such as the letter of a byte.
  const { vocab } = tokenizer.model;
  const ids = new Map(phrases.map((phrase) => [phrase, vocab[phrase] ?? vocabSize++]));
  const states = Object.keys(says);
  // Rotary angles need an even width of a head.
  const width = Math.ceil((states.length + 1) / 4) * 4;
  const embedding = new Float32Array(vocabSize * width);
  const head = new Float32Array(vocabSize * width);
  for (let id = 0; id < vocabSize; id++) embedding[id * width] = 1;
  for (const [state, phrase] of states.entries()) {
    const id = ids.get(phrase);
    if (id !== undefined) embedding.fill(0, id * width, (id + 1) * width)[id * width + state] = 1;
    // After the norm a one is √width, so every other token is e^(30 √width) times less likely.
    const weight = phrase === breaksAt ? 3e38 : 30;
    for (const next of says[phrase]!) head[ids.get(next)! * width + state] = weight;
  }
  const f32 = (shape: number[], values: Float32Array): RawTensor => ({
    dtype: "F32",
    shape,
    bytes: new Uint8Array(values.buffer),
  });
  const zeros = (...shape: number[]) => f32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  const ones = (n: number) => f32([n], new Float32Array(n).fill(1));
  const layer = (at: number) => ({
    [`model.layers.${at}.input_layernorm.weight`]: ones(width),
    [`model.layers.${at}.post_attention_layernorm.weight`]: ones(width),
    ...Object.fromEntries(
      ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) => [
        `model.layers.${at}.self_attn.${name}.weight`,
        zeros(width, width),
      ]),
    ),
    ...Object.fromEntries(
      ["gate_proj", "up_proj", "down_proj"].map((name) => [
        `model.layers.${at}.mlp.${name}.weight`,
        zeros(width, width),
      ]),
    ),
  });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  write(
    "model.safetensors",
    tensorFile({
      "model.embed_tokens.weight": f32([vocabSize, width], embedding),
      ...layer(0),
      ...layer(1),
      "model.norm.weight": ones(width),
      "lm_head.weight": f32([vocabSize, width], head),
    }),
  );
  const json = (name: string, value: object) => write(name, JSON.stringify(value));
  json("config.json", {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    dtype: "float32",
    hidden_size: width,
    intermediate_size: width,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    head_dim: width / 2,
    hidden_act: "silu",
    max_position_embeddings: context,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: false,
    vocab_size: vocabSize,
  });
  json("generation_config.json", { eos_token_id: ids.get(end) });
  const added = phrases
    .filter((phrase) => vocab[phrase] === undefined)
    .map((content) => ({
      id: ids.get(content),
      content,
      special: content.startsWith("<|"),
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    }));
  json("tokenizer.json", { ...tokenizer, added_tokens: added });
  json("tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    eos_token: end,
    chat_template: template,
  });
}
