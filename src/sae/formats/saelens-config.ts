/**
 * `cfg.json` of SAELens, in its spelling since 6.0 and the one before. Settings that change what is computed are read
 * or refused by name; those that only describe a training run are passed over.
 */
import { badInput } from "../../core/errors.ts";
import { readFingerprints } from "../domain/fingerprint.ts";
import { readNeuronpedia } from "../neuronpedia.ts";
import {
  type Normalization,
  normalizations,
  type SaeKind,
  type Site,
  type Stated,
  saeKinds,
} from "../sae.ts";
import { siteOf } from "../site.ts";
import { readStated } from "../stated.ts";
import { shown } from "./fields.ts";

export interface SaelensConfig {
  d_in: number;
  d_sae: number;
  kind: SaeKind;
  k: number | null;
  applyBDecToInput: boolean;
  normalize: Normalization;
  rescaleByDecoderNorm: boolean;
  site: Site | null;
  neuronpedia: string | null;
  trainedOnPrompts: readonly string[] | null;
  stated: Stated;
  notes: string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Settings of 6.0 and later that say how an SAE was, not what it computes. */
const passedOver = new Set([
  "device",
  "dtype",
  "sae_lens_version",
  "sae_lens_training_version",
  "finetuning_scaling_factor",
  "decoder_init_norm",
  "l1_coefficient",
  "lp_norm",
  "l1_warm_up_steps",
  "l0_coefficient",
  "l0_warm_up_steps",
  "use_sparse_activations",
  "aux_loss_coefficient",
  "jumprelu_init_threshold",
  "jumprelu_bandwidth",
  "jumprelu_sparsity_loss_mode",
  "jumprelu_tanh_scale",
  "jumprelu_ste_to_input",
  "pre_act_loss_coefficient",
  "target_l0",
]);
const readHere = new Set([
  "architecture",
  "d_in",
  "d_sae",
  "k",
  "apply_b_dec_to_input",
  "normalize_activations",
  "reshape_activations",
  "rescale_acts_by_decoder_norm",
  "metadata",
]);

/** @throws FathomError naming the setting that is missing, broken or not supported */
export function parseSaelensConfig(raw: unknown, path: string): SaelensConfig {
  const fields = asObject(raw, path);
  const metadata = fields["metadata"] === undefined ? {} : asObject(fields["metadata"], `${path} metadata`);
  const version = fields["sae_lens_version"] ?? metadata["sae_lens_version"];
  return isBefore6(version, path) ? parseOld(fields, path) : parseNew(fields, metadata, path);
}

/** Absent, or below 6.0.0-rc.0. */
function isBefore6(version: unknown, path: string): boolean {
  if (version === undefined || version === null || version === "") return true;
  const major = typeof version === "string" ? /^(\d+)\./.exec(version)?.[1] : undefined;
  if (major === undefined)
    throw badInput(`${path} sae_lens_version`, 'a version like "6.0.0"', JSON.stringify(version));
  return Number(major) < 6;
}

function parseNew(fields: Fields, metadata: Fields, path: string): SaelensConfig {
  const kind = readKind(fields["architecture"], path);
  for (const name of Object.keys(fields))
    if (!readHere.has(name) && !passedOver.has(name))
      throw badInput(`${path} ${name}`, "only settings that are known", shown(fields[name]));
  const trainedOnPrompts = readFingerprints(
    (metadata["fathom"] as Fields | undefined | null)?.["trained_on_prompts"],
    `${path} metadata.fathom.trained_on_prompts`,
  );
  return {
    ...readCommon(fields, kind, path),
    k: kind === "topk" ? readK(fields["k"], `${path} k`) : null,
    normalize: readNormalization(fields["normalize_activations"] ?? "none", path),
    rescaleByDecoderNorm: readFlag(fields, "rescale_acts_by_decoder_norm", false, path),
    site: readSite(metadata["hook_name"], metadata["model_name"], path),
    neuronpedia: readNeuronpedia(metadata["neuronpedia_id"], `${path} metadata.neuronpedia_id`),
    trainedOnPrompts,
    stated: readStated(metadata["fathom"], `${path} metadata.fathom`),
    notes:
      trainedOnPrompts === null
        ? []
        : [
            `A contrastive term of its training was on ${trainedOnPrompts.length} prompts, which no audit may score with it.`,
          ],
  };
}

/** Before 6.0 the file is the configuration of the whole training run, most of which says nothing here. */
function parseOld(fields: Fields, path: string): SaelensConfig {
  const activation = fields["activation_fn_str"] ?? fields["activation_fn"] ?? "relu";
  if (activation !== "relu" && activation !== "topk")
    throw badInput(`${path} activation_fn_str`, "relu or topk", JSON.stringify(activation));
  const declared = readKind(fields["architecture"] ?? "standard", path);
  // The activation wins: a TopK SAE of those years calls itself standard.
  const kind = activation === "topk" ? "topk" : declared;
  if (activation === "topk" && declared !== "topk" && declared !== "standard")
    throw badInput(`${path} architecture`, "standard or topk with the activation topk", declared);
  const settings = asObject(fields["activation_fn_kwargs"] ?? {}, `${path} activation_fn_kwargs`);
  for (const name of Object.keys(settings))
    if (name !== "k" || kind !== "topk")
      throw badInput(`${path} activation_fn_kwargs`, kind === "topk" ? "k" : "none", name);
  const normalize = fields["normalize_activations"] ?? "none";
  const named = normalize === true ? "expected_average_only_in" : normalize === false ? "none" : normalize;
  return {
    ...readCommon(fields, kind, path),
    k: kind === "topk" ? readK(settings["k"], `${path} activation_fn_kwargs.k`) : null,
    normalize: readNormalization(named, path),
    rescaleByDecoderNorm: false,
    site: readSite(fields["hook_point"] ?? fields["hook_name"], fields["model_name"], path),
    neuronpedia: readNeuronpedia(fields["neuronpedia_id"], `${path} neuronpedia_id`),
    trainedOnPrompts: null,
    stated: readStated(undefined, path),
    notes: ["cfg.json is of a SAELens before 6.0."],
  };
}

function readCommon(fields: Fields, kind: SaeKind, path: string) {
  const reshape = fields["reshape_activations"] ?? "none";
  if (reshape !== "none") throw badInput(`${path} reshape_activations`, "none", JSON.stringify(reshape));
  return {
    d_in: readSize(fields["d_in"], `${path} d_in`),
    d_sae: readSize(fields["d_sae"], `${path} d_sae`),
    kind,
    applyBDecToInput: readFlag(fields, "apply_b_dec_to_input", true, path),
  };
}

function readKind(architecture: unknown, path: string): SaeKind {
  const kind = saeKinds.find((known) => known === architecture);
  if (kind === undefined)
    throw badInput(`${path} architecture`, `one of ${saeKinds.join(", ")}`, shown(architecture));
  return kind;
}

function readNormalization(value: unknown, path: string): Normalization {
  const known = normalizations.find((name) => name === value);
  if (known === undefined)
    throw badInput(
      `${path} normalize_activations`,
      `one of ${normalizations.join(", ")}`,
      JSON.stringify(value),
    );
  return known;
}

function readSite(hookName: unknown, modelName: unknown, path: string): Site | null {
  if (hookName === undefined || hookName === null) return null;
  if (typeof hookName !== "string") throw badInput(`${path} hook_name`, "a text", JSON.stringify(hookName));
  return siteOf(hookName, typeof modelName === "string" && modelName !== "" ? modelName : null);
}

function readFlag(fields: Fields, name: string, fallback: boolean, path: string): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== "boolean") throw badInput(`${path} ${name}`, "true or false", JSON.stringify(value));
  return value;
}

function readSize(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw badInput(where, "a whole number from 1", shown(value));
  return value as number;
}

/** SAELens takes 100 where no k is written; which k a file was trained with must not be guessed. */
function readK(value: unknown, where: string): number {
  return readSize(value, where);
}

function asObject(value: unknown, where: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw badInput(where, "a JSON object", Array.isArray(value) ? "an array" : JSON.stringify(value));
  return value as Fields;
}
