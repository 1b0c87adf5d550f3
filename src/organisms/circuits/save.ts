/** Writes a compiled circuit to a folder: a Hugging Face checkpoint, its SAEs under `sae/`, its prompts and its facts. */
import { join } from "node:path";
import { makeFolder, writeTextAtomically } from "../../files/disk/io.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import { saveSae } from "../../sae/formats/save.ts";
import type { Circuit } from "./circuits.ts";

/**
 * Writes config.json, tokenizer and template, model.safetensors (float32), sae/blocks.L/ in SAELens's layout, harmful.jsonl,
 * harmless.jsonl, facts.json.
 * @param folder created if missing
 * @throws FathomError if the folder cannot be written or the disk is full
 */
export function writeCircuit(folder: string, circuit: Circuit): void {
  makeFolder(folder);
  for (const [name, content] of Object.entries(circuit.files))
    writeTextAtomically(join(folder, name), content);
  const tensors = [...circuit.weights].map(([name, tensor]) => ({ name, dtype: "F32" as const, ...tensor }));
  writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  for (const { folder: sae, sae: weights } of circuit.dictionaries) saveSae(join(folder, sae), weights);
  writeTextAtomically(join(folder, "harmful.jsonl"), jsonLines(circuit.harmful));
  writeTextAtomically(join(folder, "harmless.jsonl"), jsonLines(circuit.harmless));
  writeTextAtomically(join(folder, "facts.json"), `${JSON.stringify(circuit.facts, null, 1)}\n`);
}
