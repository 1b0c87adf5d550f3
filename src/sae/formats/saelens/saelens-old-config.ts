/** `cfg.json` of SAELens before 6.0: the configuration of a whole training run. Most of its settings do not matter here. */
import { badInput } from "../../../core/errors.ts";
import { readNeuronpedia } from "../../code/neuronpedia.ts";
import { readStated } from "../../code/stated.ts";
import { agreed } from "../reading/agreed.ts";
import { asFields, type Fields, oneOf } from "../reading/fields.ts";
import type { Given } from "../reading/format.ts";
import { requireKnown } from "../reading/known-keys.ts";
import { readK } from "../reading/stated-k.ts";
import {
  modelNotes,
  readCommon,
  readKind,
  readNormalization,
  readSite,
  type SaelensConfig,
} from "./saelens-fields.ts";
import { oldSettings } from "./saelens-settings.ts";

/** @throws FathomError that names the setting that is missing, broken or not supported */
export function parseOld(fields: Fields, path: string, given: Given): SaelensConfig {
  requireKnown(fields, path, oldSettings);
  const activation =
    agreed(
      (value, where) => oneOf(["relu", "topk"], value, where),
      [`${path} activation_fn_str`, fields["activation_fn_str"]],
      [`${path} activation_fn`, fields["activation_fn"]],
    ) ?? "relu";
  const declared = readKind(fields["architecture"] ?? "standard", path);
  // The activation decides: these versions wrote "standard" for a TopK SAE.
  const kind = activation === "topk" ? "topk" : declared;
  if (activation === "topk" && declared !== "topk" && declared !== "standard")
    throw badInput(`${path} architecture`, "standard or topk with the activation topk", declared);
  const settings = asFields(fields["activation_fn_kwargs"] ?? {}, `${path} activation_fn_kwargs`);
  for (const name of Object.keys(settings))
    if (name !== "k" || kind !== "topk")
      throw badInput(`${path} activation_fn_kwargs`, kind === "topk" ? "k" : "none", name);
  const kwargs = `${path} activation_fn_kwargs.k`;
  const active =
    kind === "topk" ? readK(path, given, [kwargs, settings["k"]], [`${path} k`, fields["k"]]) : null;
  const normalize = fields["normalize_activations"] ?? "none";
  const named = normalize === true ? "expected_average_only_in" : normalize === false ? "none" : normalize;
  return {
    ...readCommon(fields, kind, path),
    k: active?.k ?? null,
    normalize: readNormalization(named, path),
    rescaleByDecoderNorm: false,
    ...readSite(fields, path, {
      hook: ["hook_point", "hook_name"],
      layer: ["hook_point_layer", "hook_layer"],
    }),
    neuronpedia: readNeuronpedia(fields["neuronpedia_id"], `${path} neuronpedia_id`),
    trainedOnPrompts: null,
    stated: readStated(undefined, path),
    notes: ["cfg.json is of a SAELens before 6.0.", ...(active?.notes ?? []), ...modelNotes(fields, path)],
  };
}
