/**
 * EleutherAI sparsify: `HOOKPOINT/cfg.json` and `HOOKPOINT/sae.safetensors`. TopK after a ReLU. b_dec is subtracted
 * at the input, except in a transcoder. The folder's name is the hook point: `layers.12` means the output of block
 * 12.
 */
import { basename, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae, type Site } from "../code/sae.ts";
import { residPost, residualOnly, siteOf } from "../code/site.ts";
import { agreed, requireSizes } from "./reading/agreed.ts";
import { flag, oneOf, plainParts, textOrNull, wholeNumber } from "./reading/fields.ts";
import { type Found, folderFormat, type SaeFormat } from "./reading/format.ts";
import { requireKnown, type Settings } from "./reading/known-keys.ts";
import { readK } from "./reading/stated-k.ts";
import { Tensors } from "./reading/tensors.ts";

const settings: Settings = {
  read: "activation d_in expansion_factor k num_latents skip_connection transcode hook_name hook_layer",
  only: { signed: { is: false, else: "features of either sign" } },
  inert: {
    "how rows were constrained in training; the file's rows are used unchanged": "normalize_decoder",
    "a second loss, over four times as many features": "multi_topk",
  },
};

export const sparsify: SaeFormat = folderFormat("sparsify", "cfg.json", "sae.safetensors", read);

function read({ folder, where, config, weights: file, given }: Found): Sae {
  requireKnown(config, where, settings);
  const activation = oneOf(["topk", "groupmax"], config["activation"] ?? "topk", `${where} activation`);
  const tensors = Tensors.safetensors(file);
  if (flag(config["skip_connection"], false, `${where} skip_connection`) || tensors.has("W_skip"))
    throw badInput(
      where,
      "no skip connection",
      "one, which adds to x̂ what no feature explains",
      residualOnly,
    );
  const weights = tensors.weights("encoder.weight", "W_dec", { encoder: true, decoder: false });
  const { d_in, d_sae } = weights;
  // With num_latents = 0 the expansion factor decides d_sae; otherwise the factor is not used.
  const stated =
    (config["num_latents"] ?? 0) !== 0 ? { d_sae: "num_latents" } : { factor: "expansion_factor" };
  requireSizes(weights, config, where, { d_in: "d_in", ...stated });
  const site = siteIn(basename(resolve(folder)));
  // The library writes neither hook_name nor hook_layer; other programs add them for tools that ask for them.
  const hook = textOrNull(config["hook_name"], `${where} hook_name`);
  agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${folder}, by its name`, site === null ? null : layerIn(site.hookName)],
    [`${where} hook_name`, hook === null ? null : layerIn(hook)],
    [`${where} hook_layer`, config["hook_layer"]],
  );
  const transcode = flag(config["transcode"], false, `${where} transcode`);
  const { k, notes } = readK(folder, given, [`${where} k`, config["k"]]);
  const vectors = {
    b_enc: tensors.vector("encoder.bias", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
  };
  tensors.requireAllUsed();
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: sparsify.name,
    path: folder,
    kind: activation,
    k,
    applyBDecToInput: !transcode,
    site: site ?? (hook === null ? null : siteOf(hook, null)),
    decodes: transcode ? "its module's output" : null,
    notes,
  });
}

/** The block in a hook's name, as TransformerLens or Transformers writes it. */
function layerIn(hook: string): number | null {
  const layer = /^(?:blocks|layers|h)\.(\d+)(?:\.|$)/.exec(hook)?.[1];
  return layer === undefined ? null : Number(layer);
}

/** The site of a hook point, which is the path of a Transformers module inside the base model; null for any other name. */
function siteIn(hookPoint: string): Site | null {
  const layer = /^(?:layers|h)\.(\d+)$/.exec(hookPoint)?.[1];
  if (layer !== undefined) return siteOf(residPost(Number(layer)), null);
  return /^(?:layers|h)\.\d+\.|^embed_tokens$/.test(hookPoint) ? siteOf(hookPoint, null) : null;
}
