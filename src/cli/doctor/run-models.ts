/** Runs `fathom doctor models`: opens every checkpoint of a folder without reading its weights. */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { attempt, FathomError } from "../../core/errors.ts";
import { isGgufName } from "../../files/disk/gguf-name.ts";
import { readProblem } from "../../files/disk/io.ts";
import { hubCache } from "../../hub/cache-path.ts";
import { expectedShapes } from "../../model/architecture/weight-shapes.ts";
import { openDirectory } from "../../model/checkpoint/directory/directory.ts";
import { openGguf } from "../../model/checkpoint/gguf/gguf.ts";
import { isLaterSplit } from "../../model/checkpoint/gguf/split.ts";
import { printJson, printLines } from "../terminal/output.ts";

/** How many folders deep to look: models--org--name/snapshots/revision/subfolder, and one more. */
const deepest = 5;

export interface DoctorModelsOptions {
  json?: true;
}

interface Listed {
  path: string;
  opens: boolean;
  /** A description of the model, or the reason why it does not open. */
  detail: string;
}

export async function runModels(folder: string | undefined, options: DoctorModelsOptions): Promise<void> {
  const root = folder ?? hubCache().path;
  try {
    if (folder !== undefined) statSync(root);
  } catch (error) {
    throw readProblem(root, error, "a folder of models");
  }
  const models: Listed[] = [];
  for (const path of candidates(root, 0)) models.push(look(path));
  if (options.json === true) await printJson({ folder: root, models });
  else await printLines(linesOf(root, models));
}

function linesOf(root: string, models: readonly Listed[]): string[] {
  if (models.length === 0) return [`No checkpoint in ${root}: no config.json and no .gguf file.`];
  return models.map(
    ({ path, opens, detail }) => `${opens ? "opens" : "no   "}  ${relative(root, path) || path}  ${detail}`,
  );
}

/** Folders with a config.json, and .gguf files (the first of a split model), in the order of their names. */
function* candidates(path: string, depth: number): Generator<string> {
  if (isGgufName(path)) {
    yield path;
    return;
  }
  const entries = listed(path);
  if (entries.some(({ name }) => name === "config.json")) yield path;
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = join(path, entry.name);
    if (isLaterSplit(entry.name)) continue;
    if (isGgufName(entry.name)) yield inside;
    else if (entry.isDirectory() && depth < deepest && entry.name !== "node_modules")
      yield* candidates(inside, depth + 1);
  }
}

function listed(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    // The folder belongs to somebody else, or does not exist yet. This user can open nothing in it.
    return [];
  }
}

function look(path: string): Listed {
  try {
    const { config, weights, text } = isGgufName(path) ? openGguf(path) : openDirectory(path);
    weights.close();
    const parameters = [...expectedShapes(config).values()].reduce(
      (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    );
    const read = attempt(text);
    const template =
      read instanceof FathomError
        ? "no tokenizer"
        : read.templateSource === null
          ? "no chat template"
          : "chat template";
    const detail = `${config.architecture}, ${config.layers.length} layers, ${millions(parameters)} parameters, ${template}`;
    return { path, opens: true, detail };
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { expected, found } = error.problem;
    return { path, opens: false, detail: `expected ${expected}, found ${found}`.replace(/\s+/g, " ") };
  }
}

function millions(n: number): string {
  return n >= 1e9
    ? `${(n / 1e9).toFixed(1)}B`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(0)}M`
      : `${(n / 1e3).toFixed(0)}k`;
}
