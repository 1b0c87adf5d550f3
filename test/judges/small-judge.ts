/** A checkpoint with random weights, a long context and a chat template: it reads every prompt of a judge, and says nothing sensible. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const source = join(import.meta.dirname, "../fixtures/engine/llama-mha-tied");

/** @returns the folder of the checkpoint */
export function smallJudge(folder: string, name = "small-judge"): string {
  const path = join(folder, name);
  cpSync(source, path, { recursive: true });
  change(join(path, "config.json"), { max_position_embeddings: 16_384 });
  return path;
}

function change(path: string, keys: object): void {
  const json = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...json, ...keys }));
}
