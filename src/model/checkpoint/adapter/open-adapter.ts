/** Opens an adapter folder of PEFT: adapter_config.json and adapter_model.safetensors. */
import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { badInput } from "../../../core/errors.ts";
import { hashJson, type Json } from "../../../core/hash.ts";
import { hashFileCached } from "../../../files/disk/hash-file.ts";
import { readProblem, readPythonJson } from "../../../files/disk/io.ts";
import { openSafetensors, type SafetensorsFile } from "../../../files/tensors/safetensors.ts";
import { type AdapterConfig, parseAdapterConfig } from "./adapter-config.ts";
import { type AdapterTensors, sortTensors } from "./adapter-tensors.ts";

export interface Adapter {
  path: string;
  /** For people: the folder's name. */
  name: string;
  config: AdapterConfig;
  /** Path of adapter_model.safetensors. */
  file: string;
  entries: SafetensorsFile["entries"];
  tensors: AdapterTensors;
  /** SHA-256, hex, of settings and weights. */
  sha256: string;
}

/** @throws FathomError when a file is missing or broken, or when the adapter is of another kind */
export function openAdapter(path: string): Adapter {
  const expected = "a PEFT adapter: a folder with adapter_config.json and adapter_model.safetensors";
  try {
    if (!statSync(path).isDirectory()) throw badInput(path, expected, "a file");
  } catch (error) {
    throw readProblem(path, error, expected);
  }
  const configPath = join(path, "adapter_config.json");
  if (!existsSync(configPath)) throw badInput(path, expected, "no adapter_config.json");
  const json = readPythonJson(configPath);
  const config = parseAdapterConfig(json, configPath);
  const file = join(path, "adapter_model.safetensors");
  if (!existsSync(file))
    throw badInput(
      path,
      expected,
      existsSync(join(path, "adapter_model.bin")) ? "adapter_model.bin" : "no adapter_model.safetensors",
      "save the adapter with PEFT's save_pretrained",
    );
  const opened = openSafetensors(file);
  try {
    const { entries } = opened;
    const tensors = sortTensors(opened);
    const sha256 = hashJson({ config: json as Json, file: hashFileCached(file) });
    return { path, name: basename(resolve(path)), config, file, entries, tensors, sha256 };
  } finally {
    opened.close();
  }
}
