/**
 * TopK SAEs as their authors saved them (BioRefusalAudit): one `NAME.pt` and `NAME.meta.json`, which alone knows k. b_dec is not
 * subtracted at the input. Weights lie as matrices of the canonical form, or as nn.Linear has them.
 */
import { existsSync } from "node:fs";
import { readText } from "../../files/io.ts";
import { parseJson } from "../../files/json.ts";
import { makeSae, type Sae, type Site } from "../sae.ts";
import { residPost, siteOf } from "../site.ts";
import {
  asFields,
  type Fields,
  filesAt,
  onlyFile,
  plainParts,
  requireSizes,
  textOrNull,
  wholeNumber,
} from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const metaOf = (file: string) => file.replace(/\.pt$/, ".meta.json");
const isWeights = (file: string) => file.endsWith(".pt") && existsSync(metaOf(file));

export const topkPt: SaeFormat = {
  name: "topk-pt",
  looks: "NAME.pt with NAME.meta.json",
  recognizes: (path) => filesAt(path, isWeights).length > 0,
  open(path) {
    const expected = "one NAME.pt with NAME.meta.json, which says k";
    return readSae(onlyFile(path, filesAt(path, isWeights), expected));
  },
};

function readSae(path: string): Sae {
  const where = metaOf(path);
  const meta = asFields(parseJson(withoutNaN(readText(where)), where), where);
  const tensors = Tensors.torch(path);
  const linear = tensors.has("W_enc.weight");
  const weights = linear
    ? tensors.weights("W_enc.weight", "W_dec.weight", { encoder: true, decoder: true })
    : tensors.weights("W_enc", "W_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  requireSizes(weights, meta, where, { d_in: "d_in", d_sae: "d_sae" });
  requireSizes(weights, meta, where, { d_in: "d_model" });
  const vectors = {
    b_enc: tensors.vector(linear ? "W_enc.bias" : "b_enc", d_sae),
    b_dec: tensors.vector(linear ? "W_dec.bias" : "b_dec", d_in),
  };
  tensors.requireAllUsed();
  const site = siteIn(meta, where);
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: topkPt.name,
    path,
    kind: "topk",
    k: wholeNumber(meta["k"], `${where} k`),
    site,
  });
}

function siteIn(meta: Fields, where: string): Site | null {
  const model = textOrNull(meta["model_name"] ?? meta["model"], `${where} model_name`);
  const hook = textOrNull(meta["hook_name"], `${where} hook_name`);
  if (hook !== null) return siteOf(hook, model);
  if (meta["layer"] === undefined || meta["layer"] === null) return null;
  return siteOf(residPost(wholeNumber(meta["layer"], `${where} layer`, 0)), model);
}

/** Python writes numbers that JSON has not; null says the same. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : "null",
  );
}
