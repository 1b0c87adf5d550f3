/** The fields of SAELens's `cfg.json` that all its versions have in common. */
import { badInput } from "../../../core/errors.ts";
import {
  type Normalization,
  normalizations,
  type SaeKind,
  type Site,
  type Stated,
  saeKinds,
} from "../../code/sae.ts";
import { blockOf, residualOnly, siteOf } from "../../code/site.ts";
import { agreed, requireSizes } from "../reading/agreed.ts";
import { asFields, type Fields, flag, oneOf, shown, textOrNull, wholeNumber } from "../reading/fields.ts";

export interface SaelensConfig {
  d_in: number;
  d_sae: number;
  kind: SaeKind;
  k: number | null;
  applyBDecToInput: boolean;
  normalize: Normalization;
  rescaleByDecoderNorm: boolean;
  site: Site | null;
  decodes: string | null;
  neuronpedia: string | null;
  trainedOnPrompts: readonly string[] | null;
  stated: Stated;
  notes: string[];
}

export function readCommon(fields: Fields, kind: SaeKind, path: string) {
  const reshape = fields["reshape_activations"] ?? "none";
  if (reshape === "hook_z")
    throw badInput(
      `${path} reshape_activations`,
      "none",
      '"hook_z": an SAE of the heads\' outputs',
      residualOnly,
    );
  if (reshape !== "none") throw badInput(`${path} reshape_activations`, "none", shown(reshape));
  const d_in = wholeNumber(fields["d_in"], `${path} d_in`);
  const d_sae = wholeNumber(fields["d_sae"], `${path} d_sae`);
  requireSizes({ d_in, d_sae }, fields, path, { factor: "expansion_factor" });
  return {
    d_in,
    d_sae,
    kind,
    applyBDecToInput: flag(fields["apply_b_dec_to_input"], true, `${path} apply_b_dec_to_input`),
  };
}

/** The kinds that SAELens writes; Fathom computes them in the same way. */
const architectures = saeKinds.filter((kind) => kind !== "groupmax");

export function readKind(architecture: unknown, path: string): SaeKind {
  const where = `${path} architecture`;
  if (typeof architecture === "string" && architecture.includes("transcoder"))
    throw badInput(
      where,
      `one of ${architectures.join(", ")}`,
      `${shown(architecture)}, which decodes another place than it reads`,
      residualOnly,
    );
  return oneOf(architectures, architecture, where);
}

export function readNormalization(value: unknown, path: string): Normalization {
  return oneOf(normalizations, value, `${path} normalize_activations`);
}

/**
 * The site that the SAE reads, and the place that it decodes to if that is another.
 * @param names the keys under which the versions of SAELens wrote the hook and its block
 */
export function readSite(
  fields: Fields,
  where: string,
  names: { hook: readonly string[]; layer: readonly string[] },
): { site: Site | null; decodes: string | null } {
  const text = (name: string) => textOrNull(fields[name], `${where} ${name}`);
  const hook = agreed(String, ...names.hook.map((name) => [`${where} ${name}`, text(name)] as const));
  const target = text("hook_name_out");
  if (hook === null) return { site: null, decodes: target };
  agreed(
    (value, at) => wholeNumber(value, at, 0),
    [`${where} ${names.hook[0]}`, blockOf(hook)],
    ...names.layer.map((name) => [`${where} ${name}`, fields[name]] as const),
  );
  return { site: siteOf(hook, text("model_name")), decodes: target === hook ? null : target };
}

/** Notes on changes to the model that change its activations, made before the activations were read. */
export function modelNotes(fields: Fields, where: string): string[] {
  const name = "model_from_pretrained_kwargs";
  const opened = asFields(fields[name] ?? {}, `${where} ${name}`);
  return opened["center_writing_weights"] === true
    ? [
        "It was trained on a model whose weights that write to the residual stream were centred; here the checkpoint's own are used.",
      ]
    : [];
}
