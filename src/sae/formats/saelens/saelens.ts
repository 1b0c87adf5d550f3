/**
 * SAEs as SAELens saves them, both before and since version 6.0: `cfg.json` beside `sae_weights.safetensors`. They
 * are read as SAELens 6.54 reads them, with one difference: Fathom refuses what SAELens silently ignores or loads (a
 * missing k, NaN, an unused tensor).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import { makeSae, type Sae } from "../../code/sae.ts";
import { foldInputScale } from "../../code/scale.ts";
import { plainParts, readFields, shown } from "../reading/fields.ts";
import { type Found, folderFormat, type SaeFormat } from "../reading/format.ts";
import { requireKnown } from "../reading/known-keys.ts";
import { Tensors } from "../reading/tensors.ts";
import { parseSaelensConfig } from "./saelens-config.ts";
import type { SaelensConfig } from "./saelens-fields.ts";

const scalerName = "activation_scaler.json";

export const saelens: SaeFormat = folderFormat("saelens", "cfg.json", "sae_weights.safetensors", read);

function read({ folder, where, config: fields, weights, given }: Found): Sae {
  const config = parseSaelensConfig(fields, where, given);
  const { d_in, d_sae, kind } = config;
  const tensors = Tensors.safetensors(weights);
  const perFeature = (name: string) => tensors.vector(name, d_sae);
  const parts = {
    ...plainParts,
    ...config,
    format: saelens.name,
    path: folder,
    W_enc: tensors.matrix("W_enc", [d_in, d_sae]),
    b_enc: perFeature(kind === "gated" ? "b_gate" : "b_enc"),
    W_dec: tensors.matrix("W_dec", [d_sae, d_in]),
    b_dec: tensors.vector("b_dec", d_in),
    threshold: kind === "jumprelu" ? perFeature("threshold") : null,
    magnitude: kind === "gated" ? { r_mag: perFeature("r_mag"), b_mag: perFeature("b_mag") } : null,
  };
  dropScalingFactor(tensors, d_sae);
  tensors.requireAllUsed();
  const scale = readScaler(folder, config);
  return makeSae(scale === null ? parts : foldInputScale(parts, scale, scalerName));
}

/** Old versions saved a factor per feature, all of them 1. Other values belong to a finetuned SAE and are refused. */
function dropScalingFactor(tensors: Tensors, d_sae: number): void {
  const name = "scaling_factor";
  if (!tensors.has(name)) return;
  // The tolerance of torch.allclose, which SAELens uses for the same check.
  const other = tensors.vector(name, d_sae).find((factor) => !(Math.abs(factor - 1) <= 1e-8 + 1e-5));
  const found = `${other}: a finetuning scaling factor, which is not supported`;
  if (other !== undefined) throw badInput(`${tensors.path} "${name}"`, "ones", found);
}

/** The factor of an intermediate checkpoint, whose weights expect scaled activations; null if there is no factor. */
function readScaler(folder: string, config: SaelensConfig): number | null {
  const path = join(folder, scalerName);
  if (!existsSync(path)) return null;
  const raw = readFields(path);
  requireKnown(raw, path, { read: "scaling_factor has_whitening", inert: {} });
  if (raw["has_whitening"] === true || existsSync(join(folder, "activation_whitening.safetensors")))
    throw badInput(path, "no whitening", "covariance whitening, which is not supported");
  const factor = raw["scaling_factor"];
  if (factor === null) return null;
  if (typeof factor !== "number" || !Number.isFinite(factor) || factor <= 0)
    throw badInput(`${path} scaling_factor`, "a number above 0, or null", shown(factor));
  if (config.normalize !== "expected_average_only_in")
    throw badInput(
      `${path} scaling_factor`,
      "none unless normalize_activations is expected_average_only_in",
      `${factor} with ${config.normalize}`,
    );
  return factor;
}
