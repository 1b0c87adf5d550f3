/** A Llama's configuration from GGUF metadata. Keys that nobody here reads are refused by name. */
import { badInput } from "../../core/errors.ts";
import type { ModelConfig, Rope, RopeScaling } from "../config-types.ts";
import { Settings } from "../settings.ts";
import type { GgufHeader } from "./header.ts";
import { ropeFactors } from "./names.ts";

/**
 * @param factors the tensor rope_freqs.weight [headDim / 2], where the file has one
 * @throws FathomError naming the setting
 */
export function ggufConfig(
  { path, metadata, tensors }: GgufHeader,
  factors: Float32Array | null,
): ModelConfig {
  const architecture = metadata.get("general.architecture");
  if (architecture !== "llama")
    throw badInput(`${path} "general.architecture"`, '"llama"', String(architecture));
  const prefix = "llama.";
  const own = [...metadata].filter(([key]) => key.startsWith(prefix));
  const settings = new Settings(
    Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    path,
  );
  const hiddenSize = settings.count("embedding_length");
  const heads = settings.count("attention.head_count");
  const kvHeads = settings.count("attention.head_count_kv", heads);
  if (heads % kvHeads !== 0)
    throw settings.wrong("attention.head_count_kv", `a divisor of the ${heads} attention heads`, kvHeads);
  const rotated = settings.has("rope.dimension_count") ? settings.count("rope.dimension_count") : null;
  const headDim = settings.count("attention.key_length", rotated ?? hiddenSize / heads);
  if (headDim % 2 !== 0)
    throw settings.wrong("attention.key_length", "an even number, for rotary positions", headDim);
  settings.only("attention.value_length", headDim);
  settings.only("rope.dimension_count", headDim);
  const names = new Set(tensors.map(({ name }) => name));
  const vocabSize = tensors.find(({ name }) => name === "token_embd.weight")?.shape[0];
  if (vocabSize === undefined)
    throw badInput(path, 'a tensor "token_embd.weight"', `none among ${tensors.length}`);
  settings.only("vocab_size", vocabSize);
  const rope: Rope = {
    theta: settings.positive("rope.freq_base", 10_000),
    rotated: headDim,
    scaling: null,
  };
  rope.scaling = parseScaling(settings, rope, factors);
  const intermediateSize = settings.count("feed_forward_length");
  const layer = { heads, kvHeads, headDim, intermediateSize, rope, window: null, kvFrom: null };
  const config: ModelConfig = {
    family: "llama",
    architecture: "LlamaForCausalLM",
    vocabSize,
    hiddenSize,
    layers: Array.from({ length: settings.depth("block_count") }, () => layer),
    normEps: settings.positive("attention.layer_norm_rms_epsilon"),
    contextLength: settings.count("context_length"),
    activation: "silu",
    attentionBias: names.has("blk.0.attn_q.bias"),
    outputBias: names.has("blk.0.attn_output.bias"),
    mlpBias: names.has("blk.0.ffn_gate.bias"),
    // llama.cpp writes the head only where it is not the embedding.
    tiedHead: !names.has("output.weight"),
    embeddingScale: 1,
    queryScale: headDim ** -0.5,
    attentionSoftcap: null,
    finalSoftcap: null,
    normOffset: 0,
  };
  settings.only("attention.causal", true);
  settings.only("expert_count", 0);
  settings.only("expert_used_count", 0);
  // How the converter laid the file out; the q and k rows below are in the one layout there is.
  settings.inert(["tensor_data_layout"]);
  settings.finish();
  return config;
}

function parseScaling(settings: Settings, rope: Rope, factors: Float32Array | null): RopeScaling | null {
  const type = settings.text("rope.scaling.type", "none");
  settings.inert(["rope.scaling.original_context_length", "rope.scaling.finetuned"]);
  const older = settings.has("rope.scale_linear") ? settings.positive("rope.scale_linear") : 1;
  if (type !== "none" && type !== "linear")
    throw settings.wrong("rope.scaling.type", '"none" or "linear"', type);
  const factor = type === "linear" ? settings.positive("rope.scaling.factor") : older;
  if (type === "none") settings.only("rope.scaling.factor", 0, 1);
  if (factors !== null) {
    if (factor !== 1)
      throw settings.wrong("rope.scaling.type", `"none" beside a tensor ${ropeFactors}`, type);
    return recognizeLlama3(settings.where, rope, factors);
  }
  return factor === 1 ? null : { type: "linear", factor };
}

/**
 * llama.cpp stores the divisors of the frequencies instead of the four numbers that make them. Llama 3.1 to 3.3 use
 * low 1, high 4 and 8,192 positions; the factor is the largest divisor. Anything else is refused.
 */
function recognizeLlama3(path: string, rope: Rope, factors: Float32Array): RopeScaling {
  const scaling = {
    type: "llama3",
    factor: factors.reduce((a, b) => Math.max(a, b), 0),
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalContext: 8192,
  } as const;
  const expected = llama3Divisors(rope, scaling);
  const fits =
    factors.length === expected.length &&
    expected.every((divisor, i) => Math.abs(factors[i]! / divisor - 1) < 1e-4);
  if (!fits)
    throw badInput(`${path} "${ropeFactors}"`, "the rotary scaling of Llama 3.1 to 3.3", "another one");
  return scaling;
}

/** [rotated / 2]: by how much Llama 3 divides each rotary frequency. */
export function llama3Divisors(
  { theta, rotated }: Pick<Rope, "theta" | "rotated">,
  { factor, lowFreqFactor, highFreqFactor, originalContext }: Extract<RopeScaling, { type: "llama3" }>,
): number[] {
  return Array.from({ length: rotated / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / rotated);
    if (wavelength < originalContext / highFreqFactor) return 1;
    if (wavelength > originalContext / lowFreqFactor) return factor;
    const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
