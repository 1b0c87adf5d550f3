/**
 * dictionary_learning: `config.json` and `ae.pt`, one way of computing for each `dict_class`. As its `load_dictionary` reads
 * them, which multiplies an AutoEncoder's features by the norms of their decoder rows.
 */
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae, type SaeKind, type SaeParts, type Site } from "../sae.ts";
import { foldDecoderNorm } from "../scale.ts";
import { residPost, siteOf } from "../site.ts";
import {
  asFields,
  type Fields,
  folderOf,
  hasAll,
  plainParts,
  readFields,
  requireSame,
  shown,
  textOrNull,
  wholeNumber,
} from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const [configName, weightsName] = ["config.json", "ae.pt"];

/** Whether the weights are nn.Linear's (stored the other way round), what they compute, and their bias at the input. */
interface DictClass {
  linear: boolean;
  kind: SaeKind;
  /** The decoder's bias, and whether it is subtracted from the input. */
  bias: string;
  subtracted: boolean;
}
const classes: Readonly<Record<string, DictClass>> = {
  AutoEncoder: { linear: true, kind: "standard", bias: "bias", subtracted: true },
  AutoEncoderNew: { linear: true, kind: "standard", bias: "decoder.bias", subtracted: false },
  AutoEncoderTopK: { linear: true, kind: "topk", bias: "b_dec", subtracted: true },
  BatchTopKSAE: { linear: true, kind: "jumprelu", bias: "b_dec", subtracted: true },
  GatedAutoEncoder: { linear: true, kind: "gated", bias: "decoder_bias", subtracted: true },
  JumpReluAutoEncoder: { linear: false, kind: "jumprelu", bias: "b_dec", subtracted: false },
  MatryoshkaBatchTopKSAE: { linear: false, kind: "jumprelu", bias: "b_dec", subtracted: true },
};

export const dictionaryLearning: SaeFormat = {
  name: "dictionary-learning",
  looks: `a folder with ${configName} and ${weightsName}`,
  recognizes: (path) => hasAll(folderOf(path, weightsName), configName, weightsName),
  open(path) {
    const folder = folderOf(path, weightsName);
    const where = `${join(folder, configName)} trainer`;
    return readSae(folder, asFields(readFields(join(folder, configName))["trainer"], where), where);
  },
};

function readSae(folder: string, trainer: Fields, where: string): Sae {
  const name = String(trainer["dict_class"]);
  const found = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (found === undefined)
    throw badInput(
      `${where}.dict_class`,
      `one of ${Object.keys(classes).join(", ")}`,
      shown(trainer["dict_class"]),
    );
  const { linear, kind, bias, subtracted } = found;
  const tensors = Tensors.torch(join(folder, weightsName));
  const stored = tensors.sizes(linear ? "encoder.weight" : "W_enc");
  const [d_in, d_sae] = linear ? [stored[1], stored[0]] : stored;
  requireSame(d_in, trainer["activation_dim"], `${where}.activation_dim`);
  requireSame(d_sae, trainer["dict_size"], `${where}.dict_size`);
  const perFeature = (vector: string) => tensors.vector(vector, d_sae);
  const parts: SaeParts = {
    ...plainParts,
    format: dictionaryLearning.name,
    path: folder,
    d_in,
    d_sae,
    kind,
    W_enc: linear
      ? tensors.transposed("encoder.weight", [d_in, d_sae])
      : tensors.matrix("W_enc", [d_in, d_sae]),
    W_dec: linear
      ? tensors.transposed("decoder.weight", [d_sae, d_in])
      : tensors.matrix("W_dec", [d_sae, d_in]),
    b_enc: perFeature(kind === "gated" ? "gate_bias" : linear ? "encoder.bias" : "b_enc"),
    b_dec: tensors.vector(bias, d_in),
    threshold: kind === "jumprelu" ? thresholdOf(tensors, name, d_sae) : null,
    k: kind === "topk" ? wholeNumber(trainer["k"], `${where}.k`) : null,
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
  if (threshold < 0)
    throw badInput(
      `${tensors.path} "threshold"`,
      "a number from 0",
      `${threshold}: it was never estimated`,
      "an ae.pt of a training that ran past threshold_start_step",
    );
  return new Float32Array(d_sae).fill(threshold);
}

/** `submodule_name` is what a person called the place; the scripts of the library write resid_post_layer_L. */
function placeOf(trainer: Fields, where: string): { site: Site | null; notes: string[] } {
  const model = textOrNull(trainer["lm_name"], `${where}.lm_name`);
  const submodule = textOrNull(trainer["submodule_name"], `${where}.submodule_name`);
  const layer = wholeNumber(trainer["layer"], `${where}.layer`, 0);
  if (submodule !== null && submodule !== `resid_post_layer_${layer}`)
    return { site: siteOf(submodule, model), notes: [] };
  return {
    site: siteOf(residPost(layer), model),
    notes: submodule === null ? ["No submodule is named; the residual stream after the layer is meant."] : [],
  };
}
