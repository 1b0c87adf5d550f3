/** A Hugging Face checkpoint directory, as Transformers 4 or 5 saves it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../core/errors.ts";
import type { Json } from "../core/hash.ts";
import { readPythonJson, readText } from "../files/io.ts";
import { parseConfig } from "./config.ts";
import { textConfigOf } from "./containers.ts";
import type { Opened } from "./opened.ts";
import type { EncodingTokenizer } from "./tokenizer.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer-json.ts";
import { checkWeights } from "./weight-shapes.ts";
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
  const files = readTokenizerFiles(folder);
  const tokenizer = buildTokenizer(files);
  const endTokens = readEndTokens(folder, configJson, files, tokenizer);
  const weights = openSafetensorsWeights(folder);
  const { config, notes } = checkWeights(folder, parsed, weights);
  return {
    config,
    weights,
    tokenizer,
    templateSource: readTemplate(folder, files.config),
    specialTokens: files.specialTokens,
    endTokens,
    notes: [...weights.notes, ...notes],
    weightFiles: weights.files,
    identity: {
      model: { config: configJson as Json },
      tokenizer: {
        tokenizer: files.tokenizer as Json,
        specialTokens: files.specialTokens,
        cleanUp: files.cleanUp,
      },
    },
  };
}

/** chat_template.jinja, else the template in tokenizer_config.json: one, or the one named "default". */
function readTemplate(folder: string, tokenizerConfig: Readonly<Record<string, unknown>>): string | null {
  const file = join(folder, "chat_template.jinja");
  if (existsSync(file)) return readText(file);
  const inside = tokenizerConfig["chat_template"] ?? null;
  if (inside === null || typeof inside === "string") return inside;
  const named = (Array.isArray(inside) ? inside : []) as ({ name?: unknown; template?: unknown } | null)[];
  const chosen = named.find((one) => one?.name === "default")?.template;
  if (typeof chosen === "string") return chosen;
  throw badInput(
    join(folder, "tokenizer_config.json"),
    'a chat_template that is a text or a list with one named "default"',
    `templates named ${named.map((one) => JSON.stringify(one?.name)).join(", ")}`,
  );
}

/** generation_config.json's end tokens, else config.json's, else its text_config's, else the tokenizer's. */
function readEndTokens(
  folder: string,
  configJson: unknown,
  files: TokenizerFiles,
  tokenizer: EncodingTokenizer,
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
    for (const id of ids)
      if (typeof id !== "number" || tokenizer.tokenOf(id) === null)
        throw badInput(`${where} "eos_token_id"`, "ids of the vocabulary", JSON.stringify(raw));
    return ids as number[];
  }
  const token = files.specialTokens["eos_token"];
  const id = token === undefined ? null : tokenizer.idOf(token);
  if (id === null)
    throw badInput(
      folder,
      "an end token in generation_config.json, config.json or tokenizer_config.json",
      "none",
    );
  return [id];
}
