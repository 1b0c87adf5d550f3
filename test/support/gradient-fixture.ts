/** What PyTorch's autograd gives under edits (oracle/gradient_fixtures.py), as requests of our engine. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../src/files/disk/io.ts";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import type { Site } from "../../src/model/architecture/slots/sites.ts";
import type { Objective } from "../../src/model/engine/backward/objectives.ts";
import type { Edit } from "../../src/model/engine/edits/edit.ts";
import type { GradientRequest } from "../../src/model/engine/gradients.ts";

const root = join(import.meta.dirname, "../fixtures/gradients/");

export const gradientFixtures: readonly string[] = readdirSync(root).sort();

interface Reference {
  edits: (Pick<Edit, "layer" | "site" | "activation" | "normalize"> & {
    k: number | null;
    chosen: number[];
  })[];
  rows: { ids: number[]; objective: Objective; value: number; tokens: boolean }[];
  sites: Site[];
}

export interface GradientFixture {
  edits: Edit[];
  requests: GradientRequest[];
  sites: readonly Site[];
  /** By row. */
  values: readonly number[];
  /** A row's tensor: d_mask.E [T, n], activation.E [T, n], d_site [sites, T, d]. */
  read: (row: number, name: string) => Float32Array<ArrayBuffer>;
  close: () => void;
}

export function openGradientFixture(name: string): GradientFixture {
  const file = openSafetensors(`${root}${name}/reference.safetensors`);
  const { edits, rows, sites } = readJson(`${root}${name}/reference.json`) as Reference;
  const read = (row: number, tensor: string) => file.readFloat32(`row.${row}.${tensor}`);
  return {
    edits: edits.map(({ k, chosen, ...edit }, index): Edit => {
      const part = (tensor: string) => file.readFloat32(`edit.${index}.${tensor}`);
      const gated = edit.activation === "gated";
      return {
        ...edit,
        ...{ encoder: part("encoder"), bias: part("bias"), decoder: part("decoder") },
        ...{ scale: part("scale"), offset: part("offset"), chosen: Int32Array.from(chosen) },
        ...(k === null ? {} : { k }),
        ...(edit.activation === "jumprelu" ? { threshold: part("threshold") } : {}),
        ...(gated ? { magnitude: { scale: part("magnitude_scale"), bias: part("magnitude_bias") } } : {}),
      };
    }),
    requests: rows.map(({ ids, objective, tokens }, row) => ({
      ...{ id: String(row), ids, objective: withArrays(objective, (tensor) => read(row, tensor)) },
      masks: edits.map((_, edit) => {
        const features = read(row, `mask.${edit}`);
        return tokens ? { features, tokens: read(row, `mask_tokens.${edit}`) } : features;
      }),
    })),
    sites,
    values: rows.map(({ value }) => value),
    read,
    close: () => {
      file.close();
    },
  };
}

/** The objective with the arrays that its JSON does not hold. */
function withArrays(objective: Objective, read: (tensor: string) => Float32Array<ArrayBuffer>): Objective {
  if (objective.kind === "kl") return { ...objective, reference: read("reference") };
  if (objective.kind === "residual") return { ...objective, vector: read("vector") };
  return objective;
}
