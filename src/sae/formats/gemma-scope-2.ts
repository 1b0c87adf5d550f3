/** Gemma Scope 2 (for Gemma 3): `config.json` and `params.safetensors`. JumpReLU; b_dec is not subtracted at the input. */
import { basename, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, nothingStated, type Sae } from "../code/sae.ts";
import { blockOf, residualOnly, siteOf } from "../code/site.ts";
import { agreed, requireSizes } from "./reading/agreed.ts";
import { oneOf, plainParts, positive, shown, textOrNull, wholeNumber } from "./reading/fields.ts";
import { type Found, folderFormat, type SaeFormat } from "./reading/format.ts";
import { requireKnown, type Settings } from "./reading/known-keys.ts";
import { Tensors } from "./reading/tensors.ts";

const settings: Settings = {
  read: "architecture model_name hf_hook_point_in hf_hook_point_out width l0 affine_connection type",
  only: { apply_b_dec_to_input: { is: false, else: "b_dec is subtracted from the input" } },
  inert: {},
};

export const gemmaScope2: SaeFormat = folderFormat(
  "gemma-scope-2",
  "config.json",
  "params.safetensors",
  read,
);

function read({ folder, where, config, weights: file }: Found): Sae {
  if (config["architecture"] !== "jump_relu")
    throw badInput(`${where} architecture`, "jump_relu", shown(config["architecture"]), residualOnly);
  const tensors = Tensors.safetensors(file);
  if (tensors.has("affine_skip_connection") || (config["affine_connection"] ?? false) !== false)
    throw badInput(
      where,
      "no affine skip connection",
      "one, which adds to x̂ what no feature explains",
      residualOnly,
    );
  requireKnown(config, where, settings);
  const weights = tensors.weights("w_enc", "w_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  requireSizes(weights, config, where, { d_sae: "width" });
  const vectors = {
    b_enc: tensors.vector("b_enc", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
    threshold: tensors.vector("threshold", d_sae),
  };
  tensors.requireAllUsed();
  const hook = (side: "in" | "out") => {
    const point = textOrNull(config[`hf_hook_point_${side}`], `${where} hf_hook_point_${side}`);
    return point === null ? null : hookOf(point);
  };
  const [reads, writes] = [hook("in"), hook("out")];
  requireType(config["type"], `${where} type`, writes !== null && writes !== reads);
  // SAELens takes the layer from the folder's name.
  const inFolder = /^layer_(\d+)_/.exec(basename(resolve(folder)))?.[1];
  agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${where} hf_hook_point_in`, reads === null ? null : blockOf(reads)],
    [`${folder}, by its name`, inFolder === undefined ? null : Number(inFolder)],
  );
  const l0 = config["l0"] ?? null;
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: gemmaScope2.name,
    path: folder,
    kind: "jumprelu",
    site: reads === null ? null : siteOf(reads, textOrNull(config["model_name"], `${where} model_name`)),
    decodes: writes === reads ? null : writes,
    stated: { ...nothingStated, meanL0: l0 === null ? null : positive(l0, `${where} l0`) },
  });
}

/** @throws FathomError if `type` is present and contradicts the hooks, which also say whether this is a transcoder */
function requireType(said: unknown, where: string, isTranscoder: boolean): void {
  if (said === undefined || said === null) return;
  const type = oneOf(["sae", "transcoder"], said, where);
  if ((type === "transcoder") !== isTranscoder)
    throw badInput(
      where,
      isTranscoder ? "transcoder, as the hooks say" : "sae, as the hooks say",
      shown(said),
    );
}

/** Translates a module name of Transformers into TransformerLens's hook name; any other name is returned unchanged. */
function hookOf(point: string): string {
  const match = /^model\.layers\.(\d+)\.(.+)$/.exec(point);
  const hook = {
    output: "hook_resid_post",
    "self_attn.o_proj.input": "attn.hook_z",
    "post_feedforward_layernorm.output": "hook_mlp_out",
    "pre_feedforward_layernorm.output": "hook_mlp_in",
  }[match?.[2] ?? ""];
  return match === null || hook === undefined ? point : `blocks.${match[1]}.${hook}`;
}
