/**
 * Qwen-Scope: `layerL.sae.pt`, a pickle, beside a `config.json` or in a folder with the repository's name
 * (`SAE-Res-Qwen3-1.7B-Base-W32K-L0_50`). Keeps the k largest, then applies ReLU. b_dec is not subtracted at the input.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae } from "../code/sae.ts";
import { residPost, siteOf } from "../code/site.ts";
import { requireSizes } from "./reading/agreed.ts";
import {
  type Fields,
  filesAt,
  onlyFile,
  plainParts,
  readFields,
  shown,
  textOrNull,
  wholeNumber,
} from "./reading/fields.ts";
import type { Given, SaeFormat } from "./reading/format.ts";
import { because, requireKnown, type Settings } from "./reading/known-keys.ts";
import { readK } from "./reading/stated-k.ts";
import { Tensors } from "./reading/tensors.ts";

const settings: Settings = {
  read: "base_model d_model d_sae k num_layers",
  only: {
    model_type: { is: "topk_sae", else: "another architecture" },
    hook_point: { is: "resid_post", else: "another place than the output of a block" },
    activation: { is: "topk", else: "another activation" },
  },
  inert: {
    [because.machine]: "dtype torch_dtype",
    "words that describe it": "name description version license architectures transformers_version",
  },
};

const fileName = /^layer(\d+)\.sae\.pt$/;
const isWeights = (file: string) => fileName.test(basename(file));

export const qwenScope: SaeFormat = {
  name: "qwen-scope",
  looks: "layerL.sae.pt",
  recognizes: (path) => filesAt(path, isWeights).length > 0,
  open(path, given) {
    return readSae(onlyFile(path, filesAt(path, isWeights), "one file layerL.sae.pt"), given);
  },
};

function readSae(path: string, given: Given): Sae {
  const configPath = join(dirname(path), "config.json");
  const config: Fields = existsSync(configPath) ? readFields(configPath) : {};
  requireKnown(config, configPath, settings);
  // The match nearest to the file: folders above may have the name of another repository.
  const repository = [...resolve(path).matchAll(/SAE-Res-([^/\\]+?)-W\d+K-L0_(\d+)/g)].at(-1) ?? null;
  const tensors = Tensors.torch(path);
  const weights = tensors.weights("W_enc", "W_dec", { encoder: true, decoder: true });
  const { d_in, d_sae } = weights;
  requireSizes(weights, config, configPath, { d_in: "d_model", d_sae: "d_sae" });
  const { k, notes } = readK(
    path,
    given,
    [`${configPath} k`, config["k"]],
    // W32K is only a label: the tensors decide the width.
    [
      "a folder named like the repository (SAE-Res-MODEL-W32K-L0_50)",
      repository === null ? null : Number(repository[2]),
    ],
  );
  const layer = Number(fileName.exec(basename(path))?.[1]);
  const layers = config["num_layers"] ?? null;
  if (layers !== null && layer >= wholeNumber(layers, `${configPath} num_layers`))
    throw badInput(
      `${configPath} num_layers`,
      `more than ${layer}, as ${basename(path)} says`,
      shown(layers),
    );
  const model =
    textOrNull(config["base_model"], `${configPath} base_model`) ??
    (repository === null ? null : `Qwen/${repository[1]!}`);
  const vectors = {
    b_enc: tensors.vector("b_enc", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
  };
  tensors.requireAllUsed();
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: qwenScope.name,
    path,
    kind: "topk",
    k,
    site: siteOf(residPost(layer), model),
    notes,
  });
}
