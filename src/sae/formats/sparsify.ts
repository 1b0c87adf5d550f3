/**
 * EleutherAI sparsify: `HOOKPOINT/cfg.json` and `HOOKPOINT/sae.safetensors`. TopK after a ReLU; b_dec is subtracted at the input
 * unless it is a transcoder. The folder's name is the hook point: `layers.12` is a block's output.
 */
import { basename, join, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae, type Site } from "../sae.ts";
import { residPost, siteOf } from "../site.ts";
import {
  type Fields,
  flag,
  folderOf,
  hasAll,
  plainParts,
  readFields,
  requireSame,
  shown,
  wholeNumber,
} from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const [configName, weightsName] = ["cfg.json", "sae.safetensors"];
/** Read here, or of the training only. */
const known = new Set([
  ...["activation", "d_in", "expansion_factor", "k", "num_latents", "signed", "skip_connection", "transcode"],
  ...["multi_topk", "normalize_decoder"],
]);

export const sparsify: SaeFormat = {
  name: "sparsify",
  looks: `a folder with ${configName} and ${weightsName}`,
  recognizes: (path) => hasAll(folderOf(path, weightsName), configName, weightsName),
  open(path) {
    const folder = folderOf(path, weightsName);
    return readSae(folder, readFields(join(folder, configName)));
  },
};

function readSae(folder: string, config: Fields): Sae {
  const where = join(folder, configName);
  for (const name of Object.keys(config))
    if (!known.has(name))
      throw badInput(`${where} ${name}`, "only settings that are known", shown(config[name]));
  const activation = config["activation"] ?? "topk";
  if (activation !== "topk") throw badInput(`${where} activation`, "topk", shown(activation));
  if (flag(config["signed"], false, `${where} signed`))
    throw badInput(`${where} signed`, "false", "true: features of either sign");
  const tensors = Tensors.safetensors(join(folder, weightsName));
  if (flag(config["skip_connection"], false, `${where} skip_connection`) || tensors.has("W_skip"))
    throw badInput(where, "no skip connection", "one, which adds to x̂ what no feature explains");
  const [d_sae, d_in] = tensors.sizes("encoder.weight");
  requireSame(d_in, config["d_in"], `${where} d_in`);
  // 0 latents stand for the expansion factor.
  if ((config["num_latents"] ?? 0) !== 0) requireSame(d_sae, config["num_latents"], `${where} num_latents`);
  else if (config["expansion_factor"] !== undefined)
    requireSame(
      d_sae,
      d_in * wholeNumber(config["expansion_factor"], `${where} expansion_factor`),
      `${where} expansion_factor`,
    );
  const transcode = flag(config["transcode"], false, `${where} transcode`);
  const parts = {
    W_enc: tensors.transposed("encoder.weight", [d_in, d_sae]),
    W_dec: tensors.matrix("W_dec", [d_sae, d_in]),
    b_enc: tensors.vector("encoder.bias", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
  };
  tensors.requireAllUsed();
  return makeSae({
    ...plainParts,
    ...parts,
    format: sparsify.name,
    path: folder,
    d_in,
    d_sae,
    kind: "topk",
    k: wholeNumber(config["k"], `${where} k`),
    applyBDecToInput: !transcode,
    site: siteIn(basename(resolve(folder))),
    notes: transcode ? ["A transcoder: what it decodes is its module's output, not what it reads."] : [],
  });
}

/** Hook points are modules of Transformers, counted from the base model. */
function siteIn(hookPoint: string): Site | null {
  const layer = /^(?:layers|h)\.(\d+)$/.exec(hookPoint)?.[1];
  if (layer !== undefined) return siteOf(residPost(Number(layer)), null);
  return /^(?:layers|h)\.\d+\.|^embed_tokens$/.test(hookPoint) ? siteOf(hookPoint, null) : null;
}
