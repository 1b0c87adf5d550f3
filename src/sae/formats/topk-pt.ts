/**
 * TopK SAEs as their authors saved them (BioRefusalAudit): one `NAME.pt`, with or without `NAME.meta.json`. b_dec is not subtracted
 * at the input. Weights lie as matrices of the canonical form, or as nn.Linear has them. The tensors do not say k; where no meta
 * file does, --k has to.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { readText } from "../../files/io.ts";
import { parseJson } from "../../files/json.ts";
import { makeSae, type Sae, type Site } from "../sae.ts";
import { blockOf, residPost, siteOf } from "../site.ts";
import { readK } from "./active.ts";
import { agreed, requireSizes } from "./agreed.ts";
import { asFields, type Fields, filesAt, onlyFile, plainParts, textOrNull, wholeNumber } from "./fields.ts";
import type { Given, SaeFormat } from "./format.ts";
import { because, requireKnown, type Settings } from "./settings.ts";
import { Tensors } from "./tensors.ts";

const settings: Settings = {
  read: "k d_in d_model d_sae expansion expansion_factor layer hook_name model model_name",
  only: { architecture: { is: "topk", else: "another architecture" } },
  inert: {
    "what its authors measured on their own activations":
      "mse_loss explained_variance l0 alive_features best_loss final_loss loss_history epochs_trained " +
      "train_time_s n_training_activations",
    [because.trained]: "lr epochs batch_size patience steps seed",
    "words of its authors": "note notes",
  },
};

const metaOf = (file: string) => file.replace(/\.pt$/, ".meta.json");
const isDescribed = (file: string) => file.endsWith(".pt") && existsSync(metaOf(file));
/** Names that other formats have given their files. */
const isAlone = (file: string) => /(?<!^ae|\.sae)\.pt$/.test(basename(file));

export const topkPt: SaeFormat = {
  name: "topk-pt",
  looks: "NAME.pt, with NAME.meta.json or --k",
  recognizes: (path) => filesAt(path, isDescribed).length > 0,
  mayBe: (path) => filesAt(path, isAlone).length > 0,
  open(path, given) {
    const described = filesAt(path, isDescribed);
    const found = described.length > 0 ? described : filesAt(path, isAlone);
    return readSae(onlyFile(path, found, "one NAME.pt"), given);
  },
};

function readSae(path: string, given: Given): Sae {
  const where = metaOf(path);
  const meta = existsSync(where) ? asFields(parseJson(withoutNaN(readText(where)), where), where) : {};
  requireKnown(meta, where, settings);
  const tensors = Tensors.torch(path);
  const linear = tensors.has("W_enc.weight");
  const weights = linear
    ? tensors.weights("W_enc.weight", "W_dec.weight", { encoder: true, decoder: true })
    : tensors.weights("W_enc", "W_dec", { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  requireSizes(weights, meta, where, {
    d_in: "d_in d_model",
    d_sae: "d_sae",
    factor: "expansion expansion_factor",
  });
  const { k, notes } = readK(
    path,
    given,
    [`${where} k`, meta["k"]],
    [`${path} "k"`, tensors.numbers("k")?.[0]],
  );
  const vectors = {
    b_enc: tensors.vector(linear ? "W_enc.bias" : "b_enc", d_sae),
    b_dec: tensors.vector(linear ? "W_dec.bias" : "b_dec", d_in),
  };
  tensors.requireAllUsed();
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: topkPt.name,
    path,
    kind: "topk",
    k,
    site: siteIn(meta, where),
    notes,
  });
}

function siteIn(meta: Fields, where: string): Site | null {
  const text = (name: string) => textOrNull(meta[name], `${where} ${name}`);
  const model = agreed(
    String,
    [`${where} model_name`, text("model_name")],
    [`${where} model`, text("model")],
  );
  const hook = text("hook_name");
  const layer = agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${where} layer`, meta["layer"]],
    [`${where} hook_name`, hook === null ? null : blockOf(hook)],
  );
  if (hook !== null) return siteOf(hook, model);
  return layer === null ? null : siteOf(residPost(layer), model);
}

/** Python writes numbers that JSON has not; null says the same. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : "null",
  );
}
