/** What `cfg.json` of SAELens says in any of its versions. */
import { badInput } from "../../core/errors.ts";
import {
  type Normalization,
  normalizations,
  type SaeKind,
  type Site,
  type Stated,
  saeKinds,
} from "../sae.ts";
import { residualOnly, siteOf } from "../site.ts";
import { type Fields, flag, oneOf, shown, wholeNumber } from "./fields.ts";

export interface SaelensConfig {
  d_in: number;
  d_sae: number;
  kind: SaeKind;
  k: number | null;
  applyBDecToInput: boolean;
  normalize: Normalization;
  rescaleByDecoderNorm: boolean;
  site: Site | null;
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
  return {
    d_in: wholeNumber(fields["d_in"], `${path} d_in`),
    d_sae: wholeNumber(fields["d_sae"], `${path} d_sae`),
    kind,
    applyBDecToInput: flag(fields["apply_b_dec_to_input"], true, `${path} apply_b_dec_to_input`),
  };
}

/** The kinds that SAELens writes as Fathom computes them. */
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

export function readSite(hookName: unknown, modelName: unknown, path: string): Site | null {
  if (hookName === undefined || hookName === null) return null;
  if (typeof hookName !== "string") throw badInput(`${path} hook_name`, "a text", shown(hookName));
  return siteOf(hookName, typeof modelName === "string" && modelName !== "" ? modelName : null);
}

/** SAELens takes 100 where no k is written; which k a file was trained with must not be guessed. */
export function readK(value: unknown, where: string): number {
  return wholeNumber(value, where);
}
