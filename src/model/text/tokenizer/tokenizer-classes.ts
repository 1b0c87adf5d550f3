/**
 * Finds the class of Transformers 5 that reads a folder's tokenizer (AutoTokenizer.from_pretrained), and the default
 * tokens of the class for roles that no file gives. Fathom uses nothing else of the class. tokenizer.json decides how a
 * text is split, because the model was trained with it, even if Transformers 5 builds the class's own pipeline over the
 * file's vocabulary.
 */

type Json = Readonly<Record<string, unknown>>;

interface TokenizerClass {
  /** Role → default token; null for a role without a default token. */
  roles: Readonly<Record<string, string | null>>;
  /** Whether every token with a role becomes a plain special token, whatever flags the files give it. */
  plainRoles?: true;
}

const roles = (names: string, ...tokens: string[]): Record<string, string> =>
  Object.fromEntries(names.split(" ").map((name, i) => [`${name}_token`, tokens[i]!]));

const llama = { roles: roles("unk bos eos", "<unk>", "<s>", "</s>") };
const text = "<|endoftext|>";
const gpt2 = { roles: { ...roles("unk bos eos", text, text, text), pad_token: null } };
const gemma = { roles: roles("unk bos eos pad mask", "<unk>", "<bos>", "<eos>", "<pad>", "<mask>") };
const qwen2: TokenizerClass = {
  roles: { ...roles("unk eos pad", text, text, text), bos_token: null },
  plainRoles: true,
};
const roberta = {
  roles: roles("bos eos sep cls unk pad mask", "<s>", "</s>", "</s>", "<s>", "<unk>", "<pad>", "<mask>"),
};

/** Classes with defaults, by name without "Fast". All other classes have no defaults. */
const classes: Readonly<Record<string, TokenizerClass>> = {
  LlamaTokenizer: llama,
  GemmaTokenizer: gemma,
  Siglip2Tokenizer: gemma,
  Qwen2Tokenizer: qwen2,
  Qwen3_5Tokenizer: qwen2,
  GPT2Tokenizer: gpt2,
  WhisperTokenizer: gpt2,
  GPTNeoXTokenizer: { roles: { ...gpt2.roles, pad_token: "<|padding|>" } },
  NougatTokenizer: { roles: { ...llama.roles, pad_token: "<pad>" } },
  BartTokenizer: roberta,
  XLMRobertaTokenizer: roberta,
  XGLMTokenizer: { roles: roles("bos eos sep cls unk pad", "<s>", "</s>", "</s>", "<s>", "<unk>", "<pad>") },
  T5Tokenizer: { roles: roles("eos unk pad", "</s>", "<unk>", "<pad>") },
  OpenAIGPTTokenizer: { roles: roles("unk", "<unk>") },
};

/** model_type → the class that Transformers uses for it. */
const ofModel: Readonly<Record<string, string>> = {
  gemma: "GemmaTokenizer",
  gemma2: "GemmaTokenizer",
  gemma3: "GemmaTokenizer",
  gemma3_text: "GemmaTokenizer",
  qwen2: "Qwen2Tokenizer",
  qwen3: "Qwen2Tokenizer",
  mistral: "TokenizersBackend",
  phi3: "TokenizersBackend",
  olmo2: "TokenizersBackend",
};

/** Models whose published tokenizer_class Transformers treats as a mistake. */
const mistaken = new Set(["qwen2", "phi3"]);

/**
 * @param tokenizer tokenizer.json, tokenizerConfig tokenizer_config.json, config the model's config.json
 * @returns the class; null for a class that only reads tokenizer.json
 */
export function tokenizerClassOf(
  tokenizer: Json,
  tokenizerConfig: Json,
  config: Json,
): TokenizerClass | null {
  const model = typeof config["model_type"] === "string" ? config["model_type"] : "";
  const known = ofModel[model];
  const said = named(tokenizerConfig["tokenizer_class"]) ?? named(config["tokenizer_class"]);
  if (said === null) return known === undefined ? null : classOf(known);
  if (said === "LlamaTokenizer" && !mistaken.has(model) && isByteLevel(tokenizer)) return null;
  if (known === undefined || known === said) return classOf(said);
  if (known === "TokenizersBackend") return null;
  return classOf(mistaken.has(model) ? known : said);
}

function classOf(name: string): TokenizerClass | null {
  return Object.hasOwn(classes, name) ? classes[name]! : null;
}

function named(value: unknown): string | null {
  return typeof value === "string" ? value.replace(/Fast$/, "") : null;
}

/** Like Transformers, looks for the word anywhere in the file. */
function isByteLevel(tokenizer: Json): boolean {
  return JSON.stringify(tokenizer).includes('"ByteLevel"');
}
