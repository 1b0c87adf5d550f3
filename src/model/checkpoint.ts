/** A checkpoint, opened: everything that one model needs, from a Hugging Face directory or a GGUF file. */
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { badInput } from "../core/errors.ts";
import { hashJson, hashText } from "../core/hash.ts";
import { isGgufName } from "../files/gguf-name.ts";
import { hashFileCached } from "../files/hash-file.ts";
import { readProblem } from "../files/io.ts";
import { type LaidAdapter, layAdapter } from "./adapter/lay.ts";
import { type Overlay, overlaid } from "./adapter/weights.ts";
import type { ModelConfig } from "./config.ts";
import { openDirectory } from "./directory.ts";
import { openGguf } from "./gguf/open.ts";
import { readGgufHeader } from "./gguf/split.ts";
import { openGgufWeights } from "./gguf/weights.ts";
import { type ChatTemplate, chatTemplate } from "./template.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { Weights } from "./weights.ts";
import { openSafetensorsWeights } from "./weights-safetensors.ts";

export interface Checkpoint {
  /** As it was opened. */
  path: string;
  /** For people: the folder's or the file's name. */
  name: string;
  config: ModelConfig;
  weights: Weights;
  tokenizer: Tokenizer;
  /** null when the checkpoint has none; only a chat prompt needs it. */
  template: ChatTemplate | null;
  /** Ids that end an answer. */
  endTokens: readonly number[];
  /** What whoever reads the results has to know of how the files were read, a whole sentence each. */
  notes: readonly string[];
  /** What lies over the model's own weights; null where nothing does. `config` and `weights` are with it. */
  adapter: LaidAdapter | null;
  /** SHA-256, hex: of the base's weights with their config, of the tokenizer, of the template's source, of the adapter. */
  identity: { model: string; tokenizer: string; template: string | null; adapter?: string };
}

/**
 * Opens a checkpoint and checks it whole: config, tokenizer, template, and every tensor's presence and shape.
 * @param path a Hugging Face directory or a .gguf file
 * @param adapterPath a folder of PEFT's, laid over it
 * @throws FathomError in one line for everything that is missing, broken, unsupported, or not made for each other
 */
export async function openCheckpoint(path: string, adapterPath: string | null = null): Promise<Checkpoint> {
  const expected = "a Hugging Face checkpoint directory or a .gguf file";
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (error) {
    throw readProblem(path, error, expected);
  }
  if (!isDirectory && !isGgufName(path))
    throw badInput(path, expected, "another kind of file", "the folder that holds config.json");
  const opened = isDirectory ? openDirectory(path) : openGguf(path);
  const { tokenizer, templateSource, specialTokens, endTokens } = opened;
  let { weights } = opened;
  try {
    const laid = adapterPath === null ? { ...opened, adapter: null } : layAdapter(adapterPath, opened);
    const { config, adapter } = laid;
    weights = laid.weights;
    const template =
      templateSource === null ? null : chatTemplate(path, templateSource, specialTokens, tokenizer);
    const files = opened.weightFiles.map((file) => hashFileCached(file));
    return {
      path,
      name: basename(resolve(path)),
      config,
      weights,
      tokenizer,
      template,
      endTokens,
      notes: opened.notes,
      adapter,
      identity: {
        model: hashJson({ ...(opened.identity.model as object), files }),
        tokenizer: hashJson(opened.identity.tokenizer),
        template: templateSource === null ? null : hashText(templateSource),
        ...(adapter === null ? {} : { adapter: adapter.sha256 }),
      },
    };
  } catch (error) {
    weights.close();
    throw error;
  }
}

/** The weights alone, for another thread of a process that has opened and checked the checkpoint. */
export async function openWeights(
  path: string,
  { layers }: ModelConfig,
  overlay: Overlay | null,
): Promise<Weights> {
  const base = (await stat(path)).isDirectory()
    ? openSafetensorsWeights(path, { compare: false })
    : openGgufWeights(readGgufHeader(path), layers[0]!.headDim);
  return overlaid(base, overlay);
}
