/**
 * SAEs as SAELens saves them: `cfg.json` beside `sae_weights.safetensors`, since version 6.0 and before it. Read as
 * SAELens 6.54 reads them, except that what it ignores or loads without a word (a missing k, NaN, a tensor nobody
 * uses) is refused here.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { readJson } from "../../files/io.ts";
import { openSafetensors, type SafetensorsFile } from "../../files/safetensors.ts";
import type { StoredTensor } from "../../files/stored-tensor.ts";
import { inFile, requireShape } from "../matrix.ts";
import { makeSae, type Sae } from "../sae.ts";
import { foldInputScale } from "../scale.ts";
import { folderOf, shown } from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { parseSaelensConfig, type SaelensConfig } from "./saelens-config.ts";

const weightsName = "sae_weights.safetensors";
const configName = "cfg.json";
const scalerName = "activation_scaler.json";

export const saelens: SaeFormat = {
  name: "saelens",
  looks: `a folder with ${configName} and ${weightsName}`,
  recognizes(path) {
    const folder = folderOf(path, weightsName);
    return existsSync(join(folder, configName)) && existsSync(join(folder, weightsName));
  },
  open(path) {
    const folder = folderOf(path, weightsName);
    const configPath = join(folder, configName);
    const config = parseSaelensConfig(readJson(configPath), configPath);
    const file = openSafetensors(join(folder, weightsName));
    try {
      return readSae(folder, config, file);
    } finally {
      file.close();
    }
  },
};

function readSae(folder: string, config: SaelensConfig, file: SafetensorsFile): Sae {
  const { d_in, d_sae, kind } = config;
  const used = new Set<string>();
  const tensor = (name: string): StoredTensor => {
    used.add(name);
    return file.tensor(name);
  };
  const vector = (name: string, length: number): Float32Array<ArrayBuffer> => {
    requireShape(tensor(name), file.path, [length]);
    return file.readFloat32(name);
  };
  const parts = {
    ...config,
    format: saelens.name,
    path: folder,
    W_enc: inFile(tensor("W_enc"), file.path, [d_in, d_sae]),
    b_enc: vector(kind === "gated" ? "b_gate" : "b_enc", d_sae),
    W_dec: inFile(tensor("W_dec"), file.path, [d_sae, d_in]),
    b_dec: vector("b_dec", d_in),
    threshold: kind === "jumprelu" ? vector("threshold", d_sae) : null,
    magnitude: kind === "gated" ? { r_mag: vector("r_mag", d_sae), b_mag: vector("b_mag", d_sae) } : null,
  };
  dropScalingFactor(file, used);
  const unknown = [...file.entries.keys()].filter((name) => !used.has(name));
  if (unknown.length > 0)
    throw badInput(
      file.path,
      `the tensors of an SAE of kind ${kind}: ${[...used].join(", ")}`,
      `also ${unknown.join(", ")}`,
    );
  const scale = readScaler(folder, config);
  return makeSae(scale === null ? parts : foldInputScale(parts, scale, `${scalerName} of ${folder}`));
}

/** Old versions saved a factor per feature that was all ones; a real one belongs to a finetuned SAE. */
function dropScalingFactor(file: SafetensorsFile, used: Set<string>): void {
  const name = "scaling_factor";
  if (!file.entries.has(name)) return;
  used.add(name);
  // The tolerance of torch.allclose, by which SAELens decides the same.
  const other = file.readFloat32(name).find((factor) => !(Math.abs(factor - 1) <= 1e-8 + 1e-5));
  if (other !== undefined)
    throw badInput(
      `${file.path} "${name}"`,
      "ones",
      `${other}: a finetuning scaling factor, which is not supported`,
    );
}

/** The factor of an intermediate checkpoint, whose weights expect scaled activations; null when there is none. */
function readScaler(folder: string, config: SaelensConfig): number | null {
  const path = join(folder, scalerName);
  if (!existsSync(path)) return null;
  const raw = readJson(path) as { scaling_factor?: unknown; has_whitening?: unknown } | null;
  if (raw?.has_whitening === true || existsSync(join(folder, "activation_whitening.safetensors")))
    throw badInput(path, "no whitening", "covariance whitening, which is not supported");
  const factor = raw?.scaling_factor;
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
