/** `cfg.json` of SAELens before 6.0: the configuration of a whole training run, most of which says nothing here. */
import { badInput } from "../../core/errors.ts";
import { readNeuronpedia } from "../neuronpedia.ts";
import { readStated } from "../stated.ts";
import { asFields, type Fields, oneOf } from "./fields.ts";
import {
  readCommon,
  readK,
  readKind,
  readNormalization,
  readSite,
  type SaelensConfig,
} from "./saelens-fields.ts";

/** As `parseNew`. */
export function parseOld(fields: Fields, path: string): SaelensConfig {
  const written = fields["activation_fn_str"] ?? fields["activation_fn"] ?? "relu";
  const activation = oneOf(["relu", "topk"], written, `${path} activation_fn_str`);
  const declared = readKind(fields["architecture"] ?? "standard", path);
  // The activation wins: a TopK SAE of those years calls itself standard.
  const kind = activation === "topk" ? "topk" : declared;
  if (activation === "topk" && declared !== "topk" && declared !== "standard")
    throw badInput(`${path} architecture`, "standard or topk with the activation topk", declared);
  const settings = asFields(fields["activation_fn_kwargs"] ?? {}, `${path} activation_fn_kwargs`);
  for (const name of Object.keys(settings))
    if (name !== "k" || kind !== "topk")
      throw badInput(`${path} activation_fn_kwargs`, kind === "topk" ? "k" : "none", name);
  const normalize = fields["normalize_activations"] ?? "none";
  const named = normalize === true ? "expected_average_only_in" : normalize === false ? "none" : normalize;
  return {
    ...readCommon(fields, kind, path),
    k: kind === "topk" ? readK(settings["k"], `${path} activation_fn_kwargs.k`) : null,
    normalize: readNormalization(named, path),
    rescaleByDecoderNorm: false,
    site: readSite(fields["hook_point"] ?? fields["hook_name"], fields["model_name"], path),
    neuronpedia: readNeuronpedia(fields["neuronpedia_id"], `${path} neuronpedia_id`),
    trainedOnPrompts: null,
    stated: readStated(undefined, path),
    notes: ["cfg.json is of a SAELens before 6.0."],
  };
}
