/**
 * dictionary_learning: `config.json` and `ae.pt`. Each `dict_class` computes in its own way. Files are read as the
 * library's `load_dictionary` reads them; it multiplies the features of an `AutoEncoder` by the norms of their
 * decoder rows.
 */
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae, type SaeKind, type SaeParts, type Site } from "../code/sae.ts";
import { foldDecoderNorm } from "../code/scale.ts";
import { residPost, siteOf } from "../code/site.ts";
import { dictionarySettings } from "./dictionary-settings.ts";
import { agreed, requireSizes, type Said } from "./reading/agreed.ts";
import { asFields, type Fields, oneOf, plainParts, textOrNull, wholeNumber } from "./reading/fields.ts";
import { type Found, folderFormat, type SaeFormat } from "./reading/format.ts";
import { requireKnown } from "./reading/known-keys.ts";
import { readK } from "./reading/stated-k.ts";
import { Tensors } from "./reading/tensors.ts";

interface DictClass {
  /** Whether the weights are stored as nn.Linear stores them, transposed. */
  linear: boolean;
  kind: SaeKind;
  /** Name of the decoder's bias. */
  bias: string;
  /** Whether that bias is subtracted from the input. */
  subtracted: boolean;
}
const classes = {
  AutoEncoder: { linear: true, kind: "standard", bias: "bias", subtracted: true },
  AutoEncoderNew: { linear: true, kind: "standard", bias: "decoder.bias", subtracted: false },
  AutoEncoderTopK: { linear: true, kind: "topk", bias: "b_dec", subtracted: true },
  BatchTopKSAE: { linear: true, kind: "jumprelu", bias: "b_dec", subtracted: true },
  GatedAutoEncoder: { linear: true, kind: "gated", bias: "decoder_bias", subtracted: true },
  JumpReluAutoEncoder: { linear: false, kind: "jumprelu", bias: "b_dec", subtracted: false },
  MatryoshkaBatchTopKSAE: { linear: false, kind: "jumprelu", bias: "b_dec", subtracted: true },
} as const satisfies Record<string, DictClass>;

export const dictionaryLearning: SaeFormat = folderFormat(
  "dictionary-learning",
  "config.json",
  "ae.pt",
  read,
);

function read({ folder, where: path, config, weights: file, given }: Found): Sae {
  const where = `${path} trainer`;
  const trainer = asFields(config["trainer"], where);
  const buffer = asFields(config["buffer"] ?? {}, `${path} buffer`);
  requireKnown(config, path, dictionarySettings.file);
  const names = Object.keys(classes) as (keyof typeof classes)[];
  const name = oneOf(names, trainer["dict_class"], `${where} dict_class`);
  requireKnown(trainer, where, dictionarySettings.trainer);
  requireKnown(buffer, `${path} buffer`, dictionarySettings.buffer);
  const { linear, kind, bias, subtracted } = classes[name];
  const tensors = Tensors.torch(file);
  const weights = linear
    ? tensors.weights("encoder.weight", "decoder.weight", { encoder: true, decoder: true })
    : tensors.weights("W_enc", "W_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  requireSizes(weights, trainer, where, { d_in: "activation_dim", d_sae: "dict_size" });
  requireSizes(weights, buffer, `${path} buffer`, { d_in: "d_submodule" });
  const perFeature = (vector: string) => tensors.vector(vector, d_sae);
  const place = placeOf(trainer, where, [`${path} buffer layer`, buffer["layer"]]);
  const said: Said[] = [
    [`${where} k`, trainer["k"]],
    [`${file} "k"`, tensors.numbers("k")?.[0]],
  ];
  const active = kind === "topk" ? readK(folder, given, ...said) : null;
  // If a threshold has replaced k, k decides nothing; but the places that state it must still agree.
  if (active === null) agreed((value, at) => wholeNumber(value, at), ...said);
  requireGroups(trainer, where, tensors, d_sae);
  const parts: SaeParts = {
    ...plainParts,
    ...weights,
    format: dictionaryLearning.name,
    path: folder,
    kind,
    b_enc: perFeature(kind === "gated" ? "gate_bias" : linear ? "encoder.bias" : "b_enc"),
    b_dec: tensors.vector(bias, d_in),
    threshold: kind === "jumprelu" ? thresholdOf(tensors, name, d_sae) : null,
    k: active?.k ?? null,
    magnitude: kind === "gated" ? { r_mag: perFeature("r_mag"), b_mag: perFeature("mag_bias") } : null,
    applyBDecToInput: subtracted,
    site: place.site,
    notes: [...place.notes, ...(active?.notes ?? [])],
  };
  // A TopK's threshold belongs to its training: at run time k decides.
  if (kind === "topk") tensors.passOver("threshold");
  tensors.requireAllUsed();
  return makeSae(name === "AutoEncoder" ? foldDecoderNorm(parts) : parts);
}

/** One threshold per feature; for the BatchTopK classes one threshold for all features. */
function thresholdOf(tensors: Tensors, name: string, d_sae: number): Float32Array<ArrayBuffer> {
  if (name === "JumpReluAutoEncoder") return tensors.vector("threshold", d_sae);
  const threshold = tensors.scalar("threshold");
  const found = `${threshold}: it was never estimated`;
  if (threshold < 0)
    throw badInput(`${tensors.path} "threshold"`, "a number from 0", found, "an ae.pt of a longer training");
  return new Float32Array(d_sae).fill(threshold);
}

/**
 * The sizes of a Matryoshka's groups decide nothing after training. But every place that states them must state sizes that
 * add up to d_sae.
 */
function requireGroups(trainer: Fields, where: string, tensors: Tensors, d_sae: number): void {
  const said = [
    [`${where} group_sizes`, trainer["group_sizes"]],
    [`${tensors.path} "group_sizes"`, tensors.numbers("group_sizes")],
  ] as const;
  for (const [at, sizes] of said)
    if (sizes !== undefined && sizes !== null) {
      const found = Array.isArray(sizes) ? sizes.reduce<number>((sum, size) => sum + Number(size), 0) : NaN;
      if (found !== d_sae) throw badInput(at, `sizes that add up to ${d_sae}`, JSON.stringify(sizes));
    }
  agreed((value) => JSON.stringify(value), ...said);
}

/** `submodule_name` is free text that a person chose; the library's own scripts write resid_post_layer_L. */
function placeOf(trainer: Fields, where: string, buffer: Said): { site: Site | null; notes: string[] } {
  const model = textOrNull(trainer["lm_name"], `${where} lm_name`);
  const submodule = textOrNull(trainer["submodule_name"], `${where} submodule_name`);
  const named = /^(\w+)_layer_(\d+)$/.exec(submodule ?? "");
  const layer = agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${where} layer`, trainer["layer"]],
    [`${where} submodule_name`, named === null ? null : Number(named[2])],
    buffer,
  );
  if (submodule !== null && named?.[1] !== "resid_post") return { site: siteOf(submodule, model), notes: [] };
  const block = wholeNumber(layer ?? undefined, `${where} layer`, 0);
  const meant = "No submodule is named; the residual stream after the layer is meant.";
  return { site: siteOf(residPost(block), model), notes: submodule === null ? [meant] : [] };
}
