/** `cfg.json` of SAELens since 6.0. */
import { readFingerprints } from "../../code/fingerprint.ts";
import { readNeuronpedia } from "../../code/neuronpedia.ts";
import { readStated } from "../../code/stated.ts";
import { type Fields, flag } from "../reading/fields.ts";
import type { Given } from "../reading/format.ts";
import { requireKnown, requireOnly } from "../reading/known-keys.ts";
import { readK } from "../reading/stated-k.ts";
import {
  modelNotes,
  readCommon,
  readKind,
  readNormalization,
  readSite,
  type SaelensConfig,
} from "./saelens-fields.ts";
import { metadataOnly, newSettings } from "./saelens-settings.ts";

/** @throws FathomError that names the setting that is missing, broken or not supported */
export function parseNew(fields: Fields, metadata: Fields, path: string, given: Given): SaelensConfig {
  const kind = readKind(fields["architecture"], path);
  requireKnown(fields, path, newSettings);
  requireOnly(metadata, `${path} metadata`, metadataOnly);
  // A k beside a threshold belongs to the training that found the threshold.
  const active = kind === "topk" ? readK(path, given, [`${path} k`, fields["k"]]) : null;
  const trainedOnPrompts = readFingerprints(
    (metadata["fathom"] as Fields | undefined | null)?.["trained_on_prompts"],
    `${path} metadata.fathom.trained_on_prompts`,
  );
  return {
    ...readCommon(fields, kind, path),
    k: active?.k ?? null,
    normalize: readNormalization(fields["normalize_activations"] ?? "none", path),
    rescaleByDecoderNorm: flag(
      fields["rescale_acts_by_decoder_norm"],
      false,
      `${path} rescale_acts_by_decoder_norm`,
    ),
    ...readSite(metadata, `${path} metadata`, { hook: ["hook_name"], layer: ["hook_layer"] }),
    neuronpedia: readNeuronpedia(metadata["neuronpedia_id"], `${path} metadata.neuronpedia_id`),
    trainedOnPrompts,
    stated: readStated(metadata["fathom"], `${path} metadata.fathom`),
    notes: [
      ...(active?.notes ?? []),
      ...modelNotes(metadata, `${path} metadata`),
      ...(trainedOnPrompts === null
        ? []
        : [
            `A contrastive term of its training was on ${trainedOnPrompts.length} prompts, which no audit may score with it.`,
          ]),
    ],
  };
}
