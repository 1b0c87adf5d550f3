/**
 * dictionary_learning: `config.json` and `ae.pt`, one way of computing for each `dict_class`. As its `load_dictionary` reads
 * them, which multiplies an AutoEncoder's features by the norms of their decoder rows.
 */
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae, type SaeKind, type SaeParts, type Site } from "../sae.ts";
import { foldDecoderNorm } from "../scale.ts";
import { residPost, siteOf } from "../site.ts";
import { asFields, type Fields, oneOf, plainParts, requireSizes, textOrNull, wholeNumber } from "./fields.ts";
import { type Found, folderFormat, type SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

/** Whether the weights are nn.Linear's (stored the other way round), what they compute, and their bias at the input. */
interface DictClass {
  linear: boolean;
  kind: SaeKind;
  /** The decoder's bias, and whether it is subtracted from the input. */
  bias: string;
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

function read({ folder, where: path, config, weights: file }: Found): Sae {
  const where = `${path} trainer`;
  const trainer = asFields(config["trainer"], where);
  const names = Object.keys(classes) as (keyof typeof classes)[];
  const name = oneOf(names, trainer["dict_class"], `${where} dict_class`);
  const { linear, kind, bias, subtracted } = classes[name];
  const tensors = Tensors.torch(file);
  const weights = linear
    ? tensors.weights("encoder.weight", "decoder.weight", { encoder: true, decoder: true })
    : tensors.weights("W_enc", "W_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  requireSizes(weights, trainer, where, { d_in: "activation_dim", d_sae: "dict_size" });
  const perFeature = (vector: string) => tensors.vector(vector, d_sae);
  const parts: SaeParts = {
    ...plainParts,
    ...weights,
    format: dictionaryLearning.name,
    path: folder,
    kind,
    b_enc: perFeature(kind === "gated" ? "gate_bias" : linear ? "encoder.bias" : "b_enc"),
    b_dec: tensors.vector(bias, d_in),
    threshold: kind === "jumprelu" ? thresholdOf(tensors, name, d_sae) : null,
    k: kind === "topk" ? wholeNumber(trainer["k"], `${where} k`) : null,
    magnitude: kind === "gated" ? { r_mag: perFeature("r_mag"), b_mag: perFeature("mag_bias") } : null,
    applyBDecToInput: subtracted,
    ...placeOf(trainer, where),
  };
  // Those of TopK are of its training: at run time k decides.
  if (kind === "topk") tensors.passOver("threshold");
  tensors.passOver("k", "group_sizes");
  tensors.requireAllUsed();
  return makeSae(name === "AutoEncoder" ? foldDecoderNorm(parts) : parts);
}

/** One for each feature, or (where a batch's k was trained) one for all. */
function thresholdOf(tensors: Tensors, name: string, d_sae: number): Float32Array<ArrayBuffer> {
  if (name === "JumpReluAutoEncoder") return tensors.vector("threshold", d_sae);
  const threshold = tensors.scalar("threshold");
  const found = `${threshold}: it was never estimated`;
  if (threshold < 0)
    throw badInput(`${tensors.path} "threshold"`, "a number from 0", found, "an ae.pt of a longer training");
  return new Float32Array(d_sae).fill(threshold);
}

/** `submodule_name` is what a person called the place; the scripts of the library write resid_post_layer_L. */
function placeOf(trainer: Fields, where: string): { site: Site | null; notes: string[] } {
  const model = textOrNull(trainer["lm_name"], `${where} lm_name`);
  const submodule = textOrNull(trainer["submodule_name"], `${where} submodule_name`);
  const layer = wholeNumber(trainer["layer"], `${where} layer`, 0);
  if (submodule !== null && submodule !== `resid_post_layer_${layer}`)
    return { site: siteOf(submodule, model), notes: [] };
  const meant = "No submodule is named; the residual stream after the layer is meant.";
  return { site: siteOf(residPost(layer), model), notes: submodule === null ? [meant] : [] };
}
