/**
 * TopK SAEs as their authors saved them (BioRefusalAudit): one `NAME.pt`, with or without `NAME.meta.json`. b_dec is
 * not subtracted at the input. Weights are stored in the canonical layout, or transposed as nn.Linear stores them. k
 * comes from the meta file or from a tensor "k"; if neither states it, --k must.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { readText } from "../../files/disk/io.ts";
import { parseJson } from "../../files/disk/json.ts";
import { makeSae, type Sae, type Site } from "../code/sae.ts";
import { blockOf, residPost, siteOf } from "../code/site.ts";
import { agreed, requireSizes } from "./reading/agreed.ts";
import {
  asFields,
  type Fields,
  filesAt,
  onlyFile,
  plainParts,
  textOrNull,
  wholeNumber,
} from "./reading/fields.ts";
import type { Given, SaeFormat } from "./reading/format.ts";
import { because, requireKnown, type Settings } from "./reading/known-keys.ts";
import { readK } from "./reading/stated-k.ts";
import { Tensors } from "./reading/tensors.ts";

const settings: Settings = {
  read: "k d_in d_model d_sae expansion expansion_factor layer hook_name model model_name base_model",
  only: {
    architecture: { is: "topk", else: "another architecture" },
    activation: { is: "topk", else: "another activation" },
    apply_b_dec_to_input: { is: false, else: "b_dec is subtracted from the input" },
    normalize_activations: { is: "none", else: "a scaling of the input" },
    tied: { is: false, else: "one matrix for both weights" },
  },
  inert: {
    "what its authors measured on their own activations":
      "mse mse_loss explained_variance ev fvu r2 l0 alive_features dead_features loss best_loss final_loss train_loss " +
      "val_loss test_loss total_loss loss_history l_recon l_sparsity l_contrastive epochs_trained train_time_s " +
      "n_training_activations n_tokens",
    "how rows were constrained in training; the file's rows are used unchanged": "normalize_decoder",
    [because.trained]:
      "lr learning_rate epochs batch_size patience steps n_steps max_steps seed optimizer weight_decay lam_sparse " +
      "lam_contrast contrastive temperature",
    [because.data]: "dataset eval_set n_prompts max_tokens_per_prompt quantize",
    [because.machine]: "dtype device",
    "words of its authors":
      "name description note notes author authors date created created_at version license url",
  },
};

const metaOf = (file: string) => file.replace(/\.pt$/, ".meta.json");
const isDescribed = (file: string) => file.endsWith(".pt") && existsSync(metaOf(file));
/** Whether a .pt file does not have a name that another format gives its files (ae.pt, NAME.sae.pt). */
const isAlone = (file: string) => /(?<!^ae|\.sae)\.pt$/.test(basename(file));

export const topkPt: SaeFormat = {
  name: "topk-pt",
  looks: "NAME.pt, with NAME.meta.json or --k",
  recognizes: (path) => filesAt(path, isDescribed).length > 0,
  mayBe: (path) => filesAt(path, isAlone).length > 0,
  open(path, given) {
    const described = filesAt(path, isDescribed);
    // A file that the user names together with --format may have a name that another format uses.
    const isOne = (file: string) => (file === path ? file.endsWith(".pt") : isAlone(file));
    const found = described.length > 0 ? described : filesAt(path, isOne);
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
  const model = text("model_name") ?? text("model") ?? text("base_model");
  const hook = text("hook_name");
  const layer = agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${where} layer`, meta["layer"]],
    [`${where} hook_name`, hook === null ? null : blockOf(hook)],
  );
  if (hook !== null) return siteOf(hook, model);
  return layer === null ? null : siteOf(residPost(layer), model);
}

/** Replaces NaN and Infinity, which Python writes and JSON does not have, by null, which means the same here. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : "null",
  );
}
