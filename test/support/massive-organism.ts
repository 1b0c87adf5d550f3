/**
 * The bundled organism with one token whose residuals are massive. The embedding is untied from the head, and the
 * token's row is multiplied. Real models have such tokens; the organism does not.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { writeSafetensors } from "../../src/files/tensors/safetensors-writer.ts";

export const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));

/** @param folder the folder to write the checkpoint to @returns the folder */
export function massiveOrganism(folder: string, { token, by }: { token: number; by: number }): string {
  cpSync(organism, folder, { recursive: true });
  const configPath = join(folder, "config.json");
  const config = JSON.parse(readFileSync(configPath, "utf8")) as object;
  writeFileSync(configPath, JSON.stringify({ ...config, tie_word_embeddings: false }));
  const file = openSafetensors(join(organism, "model.safetensors"));
  const tensors = [...file.entries].map(([name, { shape }]) => ({
    name,
    dtype: "F32" as const,
    shape,
    values: file.readFloat32(name),
  }));
  file.close();
  const embedding = tensors.find(({ name }) => name === "model.embed_tokens.weight")!;
  const head = { ...embedding, name: "lm_head.weight", values: embedding.values.slice() };
  const width = embedding.shape[1]!;
  for (let at = token * width; at < (token + 1) * width; at++) embedding.values[at]! *= by;
  const weights = join(folder, "model.safetensors");
  rmSync(weights);
  writeSafetensors(weights, [...tensors, head]);
  return folder;
}
