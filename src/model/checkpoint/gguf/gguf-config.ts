/** Reads a model's configuration from GGUF metadata. An architecture's key that no reader asks for is refused by name. */
import { badInput } from "../../../core/errors.ts";
import { type ModelConfig, parseConfig } from "../../architecture/config.ts";
import { Settings } from "../../architecture/settings/settings.ts";
import { ggufArchitecture } from "./gguf-architectures.ts";
import { type RopeTensors, ropeScaling } from "./gguf-rope.ts";
import type { GgufHeader } from "./header.ts";

/**
 * @param ropes the file's tensors about rotary positions
 * @throws FathomError naming the setting
 */
export function ggufConfig({ path, metadata, tensors }: GgufHeader, ropes: RopeTensors): ModelConfig {
  const { name, says } = ggufArchitecture({ path, metadata });
  const own = [...metadata].filter(([key]) => key.startsWith(`${name}.`));
  const settings = new Settings(
    Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value])),
    path,
  );
  const hiddenSize = settings.count("embedding_length");
  const heads = settings.count("attention.head_count");
  // A Llama file may give the head size as the number of rotated dimensions: Llama rotates whole heads.
  const whole = name === "llama" && settings.has("rope.dimension_count");
  const headDim = settings.count(
    "attention.key_length",
    whole ? settings.count("rope.dimension_count") : hiddenSize / heads,
  );
  const depth = settings.depth("block_count");
  const names = new Set(tensors.map((tensor) => tensor.name));
  const vocabSize = tensors.find((tensor) => tensor.name === "token_embd.weight")?.shape[0];
  if (vocabSize === undefined)
    throw badInput(path, 'a tensor "token_embd.weight"', `none among ${tensors.length}`);
  const json = {
    architectures: [says.architecture],
    vocab_size: vocabSize,
    hidden_size: hiddenSize,
    intermediate_size: settings.count("feed_forward_length"),
    num_hidden_layers: depth,
    num_attention_heads: heads,
    num_key_value_heads: settings.count("attention.head_count_kv", heads),
    head_dim: headDim,
    rms_norm_eps: settings.positive("attention.layer_norm_rms_epsilon"),
    max_position_embeddings: settings.count("context_length"),
    rope_theta: settings.positive("rope.freq_base", 10_000),
    rope_scaling: ropeScaling(settings, headDim, ropes),
    // llama.cpp writes the head only when it is not the embedding.
    tie_word_embeddings: !names.has("output.weight"),
    ...says.read(settings, { hiddenSize, heads, headDim, depth, has: (tensor) => names.has(tensor) }),
  };
  if (name !== "phi3") settings.only("rope.dimension_count", headDim);
  settings.only("attention.value_length", headDim);
  settings.only("vocab_size", vocabSize);
  settings.only("attention.causal", true);
  settings.only("expert_count", 0);
  settings.only("expert_used_count", 0);
  // The converter's layout of the file. Only one layout of the rows of q and k is in use.
  settings.inert(["tensor_data_layout"]);
  settings.finish();
  return parseConfig(json, path);
}
