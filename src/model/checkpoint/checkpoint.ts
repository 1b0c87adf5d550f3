/** A checkpoint, opened: everything that one model needs, from a Hugging Face directory or a GGUF file. */
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
  /** As it was opened. */
  path: string;
  /** For people: the folder's or the file's name. */
  name: string;
  config: ModelConfig;
  weights: Weights;
  /** What lies between a person's words and token ids, or why it is not there: exact ids need none. */
  text: CheckpointText | FathomError;
  /** What ends an answer and the like, or why that is not known: only who generates asks. */
  answering: Answering | FathomError;
  /** What whoever reads the results has to know of how the files were read, a whole sentence each; of answers, `notesOf`. */
  notes: readonly string[];
  /** What lies over the model's own weights; null where nothing does. `config` and `weights` are with it. */
  adapter: LaidAdapter | null;
  /** SHA-256, hex: of the base's weights with their config, of the adapter. */
  identity: { model: string; adapter?: string };
}

/**
 * Opens a checkpoint and checks its config, and every tensor's presence and shape. What not everybody needs may be missing
 * or wrong: it is asked for with `orThrow` where it is used, and says so there.
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

/** @throws FathomError where the checkpoint has no tokenizer, or none that can be read */
export function textOf({ text }: Pick<Checkpoint, "text">): CheckpointText {
  return orThrow(text);
}

/** The tokenizer where there is one: for what is only shown. */
export function tokenizerIn({ text }: Pick<Checkpoint, "text">): Tokenizer | null {
  return text instanceof FathomError ? null : text.tokenizer;
}

/** Ids that end an answer. @throws FathomError where the files name what cannot be one */
export function endsOf({ answering }: Pick<Checkpoint, "answering">): readonly number[] {
  return orThrow(answering).ids;
}

/** Whether the model is to answer, and how. */
export type Answers = "none" | "greedy" | "drawn";

export function answersAt(temperature: number): Answers {
  return temperature === 0 ? "greedy" : "drawn";
}

/** All that there is to know of how the files were read; of answers only where there are some. */
export function notesOf({ notes, answering }: Checkpoint, answers: Answers): readonly string[] {
  if (answers === "none" || answering instanceof FathomError) return notes;
  return [...notes, ...answering.notes, ...unfollowedNotes(answering.unfollowed, answers === "drawn")];
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
