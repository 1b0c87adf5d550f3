/** Gemma Scope 2 (for Gemma 3): `config.json` and `params.safetensors`. JumpReLU; b_dec is not subtracted at the input. */
import { badInput } from "../../core/errors.ts";
import { makeSae, nothingStated, type Sae } from "../sae.ts";
import { residualOnly, siteOf } from "../site.ts";
import { plainParts, shown, textOrNull } from "./fields.ts";
import { type Found, folderFormat, type SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

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
  if (tensors.has("affine_skip_connection") || config["affine_connection"] === true)
    throw badInput(
      where,
      "no affine skip connection",
      "one, which adds to x̂ what no feature explains",
      residualOnly,
    );
  const weights = tensors.weights("w_enc", "w_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
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
  const { l0 } = config;
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: gemmaScope2.name,
    path: folder,
    kind: "jumprelu",
    site: reads === null ? null : siteOf(reads, textOrNull(config["model_name"], `${where} model_name`)),
    decodes: writes === reads ? null : writes,
    stated: { ...nothingStated, meanL0: typeof l0 === "number" ? l0 : null },
  });
}

/** Modules of Transformers as TransformerLens names them; any other stays as it is written. */
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
