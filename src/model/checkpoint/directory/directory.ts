/** Opens a Hugging Face checkpoint directory, as Transformers 4 or 5 saves it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import type { Json } from "../../../core/hash.ts";
import { readPythonJson } from "../../../files/disk/io.ts";
import { type ModelConfig, parseConfig } from "../../architecture/config.ts";
import { textConfigOf } from "../../architecture/containers.ts";
import { checkWeights } from "../../architecture/weight-shapes.ts";
import { readTemplate } from "../../text/template-source.ts";
import type { OpenedText } from "../../text/text.ts";
import { readTokenizerFiles, tokenizerIdentity } from "../../text/tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "../../text/tokenizer/tokenizer-json.ts";
import { unfollowedIn } from "../opened/generation-settings.ts";
import type { Opened, OpenedAnswering } from "../opened/opened.ts";
import { openSafetensorsWeights } from "./weights-safetensors.ts";

/** @throws FathomError naming the file that is missing or wrong */
export function openDirectory(folder: string): Opened {
  const configPath = join(folder, "config.json");
  if (!existsSync(configPath)) {
    const isAdapter = existsSync(join(folder, "adapter_config.json"));
    throw badInput(
      folder,
      "a checkpoint directory with a config.json",
      isAdapter ? "an adapter" : "none",
      isAdapter
        ? "the model it was made for as --model, and this as --adapter"
        : "the folder that holds config.json",
    );
  }
  const configJson = readPythonJson(configPath);
  const parsed = parseConfig(configJson, configPath);
  const weights = openSafetensorsWeights(folder);
  const { config, notes } = checkWeights(folder, parsed, weights);
  return {
    config,
    weights,
    text: () => readText(folder),
    answering: (text) => answering(folder, configJson, config, text),
    notes: [...weights.notes, ...notes],
    weightFiles: weights.files,
    identity: { config: configJson as Json },
  };
}

function readText(folder: string): OpenedText {
  const files = readTokenizerFiles(folder);
  return {
    tokenizer: buildTokenizer(files),
    templateSource: readTemplate(folder, files.config),
    templateFrom: folder,
    notes: [],
    specialTokens: files.specialTokens,
    identity: tokenizerIdentity(files),
  };
}

/** As in Transformers, settings come from generation_config.json, and from config.json only when that file is missing. */
function answering(
  folder: string,
  configJson: unknown,
  config: ModelConfig,
  text: OpenedText | null,
): OpenedAnswering {
  const path = join(folder, "generation_config.json");
  const isThere = existsSync(path);
  const unfollowed = isThere
    ? unfollowedIn("generation_config.json", readPythonJson(path))
    : unfollowedIn("config.json", configJson);
  return { named: namedEnds(folder, configJson, config, text), known: [], unfollowed };
}

/** End tokens of the first that has some: generation_config.json, config.json, its text_config, the tokenizer. */
function namedEnds(
  folder: string,
  configJson: unknown,
  { vocabSize }: ModelConfig,
  text: OpenedText | null,
): number[] {
  const generation = join(folder, "generation_config.json");
  const sources = [
    ...(existsSync(generation) ? [{ where: generation, json: readPythonJson(generation) }] : []),
    { where: join(folder, "config.json"), json: configJson },
    { where: `${join(folder, "config.json")} "text_config"`, json: textConfigOf(configJson) },
  ];
  for (const { where, json } of sources) {
    const raw = (json as { eos_token_id?: unknown } | null)?.eos_token_id ?? null;
    if (raw === null) continue;
    const ids: unknown[] = Array.isArray(raw) ? raw : [raw];
    // An id may be a row that pads the vocabulary. The tokenizer has no such token, but the model can end with it.
    const isRow = (id: unknown) =>
      typeof id === "number" && Number.isInteger(id) && id >= 0 && id < vocabSize;
    if (!ids.every(isRow))
      throw badInput(
        `${where} "eos_token_id"`,
        `ids from 0 to ${vocabSize - 1}, the rows of the model's vocabulary`,
        JSON.stringify(raw),
      );
    return ids as number[];
  }
  const token = text?.specialTokens["eos_token"];
  const id = token === undefined ? null : (text?.tokenizer.idOf(token) ?? null);
  // The model never gives a token for which it has no row.
  return id === null || id >= vocabSize ? [] : [id];
}
