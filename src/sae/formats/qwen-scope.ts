/**
 * Qwen-Scope: `layerL.sae.pt`, a pickle, with `config.json` or in a folder called like the repository
 * (`SAE-Res-Qwen3-1.7B-Base-W32K-L0_50`). The k largest, then ReLU; b_dec is not subtracted at the input.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, type Sae } from "../sae.ts";
import { residPost, siteOf } from "../site.ts";
import {
  type Fields,
  filesAt,
  onlyFile,
  plainParts,
  readFields,
  requireSizes,
  textOrNull,
  wholeNumber,
} from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const fileName = /^layer(\d+)\.sae\.pt$/;
const isWeights = (file: string) => fileName.test(basename(file));

export const qwenScope: SaeFormat = {
  name: "qwen-scope",
  looks: "layerL.sae.pt",
  recognizes: (path) => filesAt(path, isWeights).length > 0,
  open(path) {
    return readSae(onlyFile(path, filesAt(path, isWeights), "one file layerL.sae.pt"));
  },
};

function readSae(path: string): Sae {
  const configPath = join(dirname(path), "config.json");
  const config: Fields = existsSync(configPath) ? readFields(configPath) : {};
  const repository = /SAE-Res-(.+?)-W\d+K-L0_(\d+)/.exec(resolve(path));
  const stated = config["k"] ?? (repository === null ? undefined : Number(repository[2]));
  if (stated === undefined)
    throw badInput(
      path,
      `k, from ${configPath} or from a folder named like the repository`,
      "neither",
      "keep the repository's name (SAE-Res-MODEL-W32K-L0_50) in the path, or name it org/name:layerL.sae.pt",
    );
  const tensors = Tensors.torch(path);
  const weights = tensors.weights("W_enc", "W_dec", { encoder: true, decoder: true });
  const { d_in, d_sae } = weights;
  requireSizes(weights, config, configPath, { d_in: "d_model", d_sae: "d_sae" });
  const hook = residPost(Number(fileName.exec(basename(path))?.[1]));
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
    k: wholeNumber(stated, `${configPath} k`),
    site: siteOf(hook, model),
  });
}
