/** `cfg.json` of SAELens since 6.0. */
import { readFingerprints } from "../domain/fingerprint.ts";
import { readNeuronpedia } from "../neuronpedia.ts";
import { readStated } from "../stated.ts";
import { readK } from "./active.ts";
import { type Fields, flag } from "./fields.ts";
import type { Given } from "./format.ts";
import {
  modelNotes,
  readCommon,
  readKind,
  readNormalization,
  readSite,
  type SaelensConfig,
} from "./saelens-fields.ts";
import { metadataOnly, newSettings } from "./saelens-settings.ts";
import { requireKnown, requireOnly } from "./settings.ts";

/** @throws FathomError naming the setting that is missing, broken or not supported */
export function parseNew(fields: Fields, metadata: Fields, path: string, given: Given): SaelensConfig {
  const kind = readKind(fields["architecture"], path);
  requireKnown(fields, path, newSettings);
  requireOnly(metadata, `${path} metadata`, metadataOnly);
  // A k beside a threshold is that of the training which found the threshold.
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
