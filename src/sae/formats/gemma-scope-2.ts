/** Gemma Scope 2 (for Gemma 3): `config.json` and `params.safetensors`. JumpReLU; b_dec is not subtracted at the input. */
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, nothingStated, type Sae } from "../sae.ts";
import { siteOf } from "../site.ts";
import { type Fields, folderOf, hasAll, plainParts, readFields, shown, textOrNull } from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const [configName, weightsName] = ["config.json", "params.safetensors"];

export const gemmaScope2: SaeFormat = {
  name: "gemma-scope-2",
  looks: `a folder with ${configName} and ${weightsName}`,
  recognizes: (path) => hasAll(folderOf(path, weightsName), configName, weightsName),
  open(path) {
    const folder = folderOf(path, weightsName);
    return readSae(folder, readFields(join(folder, configName)));
  },
};

function readSae(folder: string, config: Fields): Sae {
  const where = join(folder, configName);
  if (config["architecture"] !== "jump_relu")
    throw badInput(`${where} architecture`, "jump_relu", shown(config["architecture"]));
  const tensors = Tensors.safetensors(join(folder, weightsName));
  if (tensors.has("affine_skip_connection") || config["affine_connection"] === true)
    throw badInput(where, "no affine skip connection", "one, which adds to x̂ what no feature explains");
  const [d_in, d_sae] = tensors.sizes("w_enc");
  const parts = {
    W_enc: tensors.matrix("w_enc", [d_in, d_sae]),
    W_dec: tensors.matrix("w_dec", [d_sae, d_in]),
    b_enc: tensors.vector("b_enc", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
    threshold: tensors.vector("threshold", d_sae),
  };
  tensors.requireAllUsed();
  const read = textOrNull(config["hf_hook_point_in"], `${where} hf_hook_point_in`);
  const written = textOrNull(config["hf_hook_point_out"], `${where} hf_hook_point_out`);
  const { l0 } = config;
  return makeSae({
    ...plainParts,
    ...parts,
    format: gemmaScope2.name,
    path: folder,
    d_in,
    d_sae,
    kind: "jumprelu",
    site:
      read === null ? null : siteOf(hookOf(read), textOrNull(config["model_name"], `${where} model_name`)),
    stated: { ...nothingStated, meanL0: typeof l0 === "number" ? l0 : null },
    notes:
      written === null || written === read
        ? []
        : [`A transcoder: what it decodes is ${written}, not the ${read} that it reads.`],
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
