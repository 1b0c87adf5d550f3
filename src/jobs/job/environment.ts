/** The versions and the machine of a run. They are recorded, and may differ in a resume. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { fathomVersion } from "./version.ts";

export const environmentSchema = z.strictObject({
  fathom: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
  platform: z.string(),
  threads: z.int(),
  created: z.string(),
});
type Environment = z.infer<typeof environmentSchema>;

/** @param threads threads of the engine; null: one per core */
export function environmentOf(threads: number | null): Environment {
  return {
    fathom: fathomVersion(),
    node: process.versions.node,
    onnxruntime: (createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string })
      .version,
    platform: `${process.platform}-${process.arch}`,
    threads: threads ?? availableParallelism(),
    created: new Date().toISOString(),
  };
}
