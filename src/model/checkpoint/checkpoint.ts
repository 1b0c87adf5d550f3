/** Opens a checkpoint: everything that one model needs, from a Hugging Face directory or a GGUF file. */
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { attempt, badInput, FathomError, orThrow } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { isGgufName } from "../../files/disk/gguf-name.ts";
import { hashFileCached } from "../../files/disk/hash-file.ts";
import { readProblem } from "../../files/disk/io.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { type CheckpointText, checkpointText } from "../text/text.ts";
import type { Tokenizer } from "../text/tokenizer/tokenizer.ts";
import type { Weights } from "../weights/weights.ts";
import { type LaidAdapter, layAdapter } from "./adapter/adapter.ts";
import { requireRows, textBeside } from "./adapter/adapter-text.ts";
import { type Overlay, overlaid } from "./adapter/overlay.ts";
import { type Answering, answeringOf } from "./answering.ts";
import { openDirectory } from "./directory/directory.ts";
import { openSafetensorsWeights } from "./directory/weights-safetensors.ts";
import { requireFiniteAdapter, requireFiniteWeights } from "./finite-weights.ts";
import { openGguf } from "./gguf/gguf.ts";
import { openGgufWeights } from "./gguf/gguf-weights.ts";
import { readGgufHeader } from "./gguf/split.ts";
import { unfollowedNotes } from "./opened/generation-settings.ts";

export interface Checkpoint {
  /** The path that the caller gave. */
  path: string;
  /** For people: the folder's or the file's name. */
  name: string;
  config: ModelConfig;
  weights: Weights;
  /** Tokenizer and chat template, or the error that tells why they are missing. Prompts given as ids need neither. */
  text: CheckpointText | FathomError;
  /** The end tokens and the like, or the error that tells why they are not known. Only generation needs them. */
  answering: Answering | FathomError;
  /** Whole sentences for readers of the results about how the files were read. `notesOf` adds those about answers. */
  notes: readonly string[];
  /** The adapter; null when there is none. `config` and `weights` include it. */
  adapter: LaidAdapter | null;
  /** SHA-256, hex: `model` of the base's weights and config, `adapter` of the adapter. */
  identity: { model: string; adapter?: string };
}

/**
 * Opens a checkpoint, and checks its config and that every tensor exists with the right shape and finite numbers. The
 * tokenizer, the template and the end tokens may be missing or wrong, because not every caller needs them. Callers that
 * do use `orThrow`, which then throws the error.
 * @param path a Hugging Face directory or a .gguf file
 * @param adapterPath a PEFT adapter folder, which is laid over the model; null for none
 * @throws FathomError when something is missing, broken or unsupported, or when model and adapter do not fit
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
  let { weights } = opened;
  try {
    const laid = adapterPath === null ? { ...opened, adapter: null } : layAdapter(adapterPath, opened);
    const { config, adapter } = laid;
    weights = laid.weights;
    const read = attempt(() =>
      adapterPath === null ? opened.text() : textBeside(adapterPath, path, opened.text),
    );
    const text = attempt(() => checkpointText(orThrow(read)));
    if (adapterPath !== null && !(text instanceof FathomError))
      requireRows(adapterPath, text.template, config.vocabSize);
    const found = attempt(() => {
      const said = opened.answering(read instanceof FathomError ? null : read);
      return answeringOf(said, text instanceof FathomError ? null : text, config.vocabSize);
    });
    const files = opened.weightFiles.map((file) => hashFileCached(file));
    const model = hashJson({ ...(opened.identity as object), files });
    requireFiniteWeights(path, opened, model);
    if (adapter !== null) requireFiniteAdapter(adapterPath!, laid, adapter);
    return {
      path,
      name: basename(resolve(path)),
      config,
      weights,
      text,
      answering: found,
      notes: [...opened.notes, ...(text instanceof FathomError ? [] : text.notes)],
      adapter,
      identity: {
        model,
        ...(adapter === null ? {} : { adapter: adapter.sha256 }),
      },
    };
  } catch (error) {
    weights.close();
    throw error;
  }
}

/** @throws FathomError when the checkpoint has no tokenizer, or has one that cannot be read */
export function textOf({ text }: Pick<Checkpoint, "text">): CheckpointText {
  return orThrow(text);
}

/** The tokenizer, or null when there is none. For callers that only show tokens. */
export function tokenizerIn({ text }: Pick<Checkpoint, "text">): Tokenizer | null {
  return text instanceof FathomError ? null : text.tokenizer;
}

/** Ids that end an answer. @throws FathomError when the files name an id that the model does not have */
export function endsOf({ answering }: Pick<Checkpoint, "answering">): readonly number[] {
  return orThrow(answering).ids;
}

/** Whether the model generates answers, and how. */
export type Answers = "none" | "greedy" | "drawn";

export function answersAt(temperature: number): Answers {
  return temperature === 0 ? "greedy" : "drawn";
}

/** All notes about how the files were read. Notes about answers are included only when the model generates some. */
export function notesOf({ notes, answering }: Checkpoint, answers: Answers): readonly string[] {
  if (answers === "none" || answering instanceof FathomError) return notes;
  return [...notes, ...answering.notes, ...unfollowedNotes(answering.unfollowed, answers === "drawn")];
}

/** Opens the weights alone, for another thread of a process that has opened and checked the checkpoint. */
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
