/** Writes the organism's folder: a Hugging Face checkpoint with its facts. */
import { join } from "node:path";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import type { Design } from "../design/design.ts";
import type { Parameter } from "./adamw.ts";

/** Writes all files except the weights. They depend only on the seed. */
export function saveDesign(folder: string, design: Design): void {
  for (const [name, content] of Object.entries(design.files))
    writeTextAtomically(join(folder, name), content);
}

/** Writes model.safetensors in bfloat16, with tensors in the order of their names. */
export function saveWeights(folder: string, parameters: ReadonlyMap<string, Parameter>): void {
  const tensors = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { shape, values }]) => ({ name, dtype: "BF16" as const, shape, values }));
  writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
}
