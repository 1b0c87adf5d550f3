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
  requireSame,
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
  const stored = tensors.sizes(linear ? "W_enc.weight" : "W_enc");
  const [d_in, d_sae] = linear ? [stored[1], stored[0]] : stored;
  for (const name of ["d_in", "d_model"]) requireSame(d_in, meta[name], `${where} ${name}`);
  requireSame(d_sae, meta["d_sae"], `${where} d_sae`);
  const parts = linear
    ? {
        W_enc: tensors.transposed("W_enc.weight", [d_in, d_sae]),
        W_dec: tensors.transposed("W_dec.weight", [d_sae, d_in]),
        b_enc: tensors.vector("W_enc.bias", d_sae),
        b_dec: tensors.vector("W_dec.bias", d_in),
      }
    : {
        W_enc: tensors.matrix("W_enc", [d_in, d_sae]),
        W_dec: tensors.matrix("W_dec", [d_sae, d_in]),
        b_enc: tensors.vector("b_enc", d_sae),
        b_dec: tensors.vector("b_dec", d_in),
      };
  tensors.requireAllUsed();
  const site = siteIn(meta, where);
  return makeSae({
    ...plainParts,
    ...parts,
    format: topkPt.name,
    path,
    d_in,
    d_sae,
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
