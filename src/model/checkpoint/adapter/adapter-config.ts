/**
 * Reads PEFT's adapter_config.json key by key: plain LoRA (arXiv 2106.09685), scaled by alpha / rank, or by alpha / √rank
 * (rsLoRA, arXiv 2312.03732). Other kinds of adapters, and settings that compute something else, are refused by name.
 */
import { badInput } from "../../../core/errors.ts";
import { Settings } from "../../architecture/settings/settings.ts";

export interface AdapterConfig {
  /** The file; messages begin with it. */
  where: string;
  /** The model that the adapter was trained on, as its maker named it; null when not given. */
  base: string | null;
  rank: number;
  alpha: number;
  /** Ranks and alphas of single modules: a regular expression for the end of their names. The first match wins. */
  rankPattern: readonly [pattern: string, rank: number][];
  alphaPattern: readonly [pattern: string, alpha: number][];
  /** Whether the scale is alpha / √rank instead of alpha / rank. */
  rootScale: boolean;
  /** Ends of modules' names, a regular expression of whole names, or every linear layer but the head. */
  targets: readonly string[] | { pattern: string } | "all-linear";
  excluded: readonly string[] | { pattern: string };
  /** Blocks that `targets` is restricted to, and patterns for the name of the list of blocks; null for all blocks. */
  layers: { numbers: readonly number[]; patterns: readonly string[] } | null;
  /** Ends of the names of modules that were trained whole. */
  saved: readonly string[];
  /** Which of the base's biases were trained. */
  biases: "none" | "all" | "lora_only";
  /** Whether B has its own bias. */
  factorBias: boolean;
}

/** Keys that describe how the adapter was trained or made. None of them changes what a loaded adapter computes. */
const inert = [
  "auto_mapping",
  "base_model_name_or_path",
  "revision",
  "inference_mode",
  "peft_version",
  "lora_dropout",
  "megatron_config",
  "megatron_core",
  "loftq_config",
  "eva_config",
  "corda_config",
  "lora_ga_config",
  "qalora_group_size",
  "runtime_config",
];

/** Settings that make the adapter another kind than plain LoRA → the name of that kind. */
const otherKinds = {
  use_dora: "DoRA",
  use_qalora: "QALoRA",
  use_bdlora: "block-diagonal LoRA",
  kasa_config: "KaSA",
  velora_config: "VeLoRA",
  monteclora_config: "MonteCLoRA",
  arrow_config: "Arrow routing",
  alora_invocation_tokens: "activated LoRA (aLoRA)",
  layer_replication: "layers used several times",
  trainable_token_indices: "single trained rows of an embedding",
  target_parameters: "LoRA on bare parameters",
  ensure_weight_tying: "an adapter that embedding and head share",
};

/** A limit, because each entry is compared with every module of the model. Real adapters name a handful. */
const mostSaved = 256;

/** Initializations that do not change the base's weights. PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA change them. */
const startingValues = [true, false, "gaussian", "orthogonal", "eva"];

/** @throws FathomError naming an unknown kind, a setting that Fathom does not compute, or a value of the wrong type */
export function parseAdapterConfig(json: unknown, where: string): AdapterConfig {
  const settings = new Settings(json, where);
  const merge = "merge it into its base with PEFT's merge_and_unload, and open the merged checkpoint";
  const kind = settings.raw("peft_type");
  if (kind !== "LORA") throw badInput(`${where} "peft_type"`, '"LORA"', show(kind), merge);
  for (const [key, name] of Object.entries(otherKinds)) {
    if (isEmpty(settings.raw(key))) continue;
    throw badInput(`${where} "${key}"`, "plain LoRA", name, merge);
  }
  const start = settings.raw("init_lora_weights") ?? true;
  if (!startingValues.includes(start as string))
    throw badInput(
      `${where} "init_lora_weights"`,
      "a start that leaves the base's weights as they are",
      show(start),
      "save it as plain LoRA: PEFT's save_pretrained with path_initial_model_for_weight_conversion",
    );
  settings.only("task_type", "CAUSAL_LM");
  settings.only("fan_in_fan_out", false);
  const bias = settings.text("bias", "none");
  if (bias !== "none" && bias !== "all" && bias !== "lora_only")
    throw settings.wrong("bias", '"none", "all" or "lora_only"', bias);
  const base = settings.raw("base_model_name_or_path");
  const config: AdapterConfig = {
    where,
    base: typeof base === "string" ? base : null,
    rank: settings.count("r"),
    alpha: settings.positive("lora_alpha"),
    rankPattern: numbers(settings, "rank_pattern", (n) => Number.isSafeInteger(n)),
    alphaPattern: numbers(settings, "alpha_pattern", Number.isFinite),
    rootScale: settings.flag("use_rslora", false),
    targets: modules(settings, "target_modules"),
    excluded: settings.has("exclude_modules") ? namesOrPattern(settings, "exclude_modules") : [],
    layers: layersOf(settings),
    saved: savedOf(settings),
    biases: bias,
    factorBias: settings.flag("lora_bias", false),
  };
  settings.inert(inert);
  settings.finish();
  return config;
}

function modules(settings: Settings, key: string): AdapterConfig["targets"] {
  const value = namesOrPattern(settings, key);
  return "pattern" in value && value.pattern.toLowerCase() === "all-linear" ? "all-linear" : value;
}

function namesOrPattern(settings: Settings, key: string): readonly string[] | { pattern: string } {
  const value = settings.raw(key);
  return typeof value === "string" ? { pattern: value } : texts(settings, key);
}

function texts(settings: Settings, key: string): string[] {
  const value = settings.raw(key);
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw settings.wrong(key, "a list of module names", value);
  return value;
}

function textsOrNone(settings: Settings, key: string): string[] {
  return settings.has(key) ? texts(settings, key) : [];
}

function savedOf(settings: Settings): string[] {
  const saved = textsOrNone(settings, "modules_to_save");
  if (saved.length > mostSaved || saved.includes(""))
    throw settings.wrong("modules_to_save", `at most ${mostSaved} names of modules`, saved);
  return saved;
}

function layersOf(settings: Settings): AdapterConfig["layers"] {
  const value = settings.raw("layers_to_transform") ?? [];
  const listed: unknown[] = Array.isArray(value) ? value : [value];
  if (!listed.every((item) => Number.isSafeInteger(item)))
    throw settings.wrong("layers_to_transform", "a block's number or a list of them", value);
  const pattern = settings.raw("layers_pattern");
  const patterns = typeof pattern === "string" ? [pattern] : textsOrNone(settings, "layers_pattern");
  if (listed.length === 0) return null;
  if (typeof settings.raw("target_modules") === "string")
    throw settings.wrong("layers_to_transform", "none beside a target_modules that is a pattern", value);
  return { numbers: listed as number[], patterns: patterns.filter((text) => text !== "") };
}

function numbers(settings: Settings, key: string, ok: (n: number) => boolean): [string, number][] {
  const value = settings.raw(key) ?? {};
  if (typeof value !== "object" || Array.isArray(value))
    throw settings.wrong(key, "an object from patterns to numbers", value);
  return Object.entries(value).map(([pattern, number]: [string, unknown]) => {
    if (typeof number === "number" && ok(number) && number > 0) return [pattern, number];
    throw badInput(`${settings.where} "${key}" "${pattern}"`, "a positive number", show(number));
  });
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === false) return true;
  return typeof value === "object" && Object.keys(value as object).length === 0;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 120);
}
