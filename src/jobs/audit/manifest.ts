/** What a run was made with: everything another machine needs to repeat it, and a resume needs to refuse a mismatch. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { publishedCategories } from "../../audit/features/published-categories.ts";
import { badInput } from "../../core/errors.ts";
import { canonicalJson, type Json } from "../../core/hash.ts";
import { parseRecord } from "../../core/parse.ts";
import { categoriesSchema } from "../../core/records/category.ts";
import { fidelitySchema } from "../../core/records/fidelity.ts";
import { listOf } from "../../core/records/list-of.ts";
import { poolings } from "../../core/records/pooling.ts";
import { precisions } from "../../core/records/precision.ts";
import { readJson, writeTextAtomically } from "../../files/disk/io.ts";
import { originSchema } from "../inputs/origin.ts";
import { firstDifference, isRecord } from "../job/difference.ts";
import { planSchema } from "./plan.ts";

/**
 * Of the run directory. An older run is opened, and its findings are made again (older.ts); a newer one is refused, never half
 * understood. Format 2: a finding says what it is about.
 */
export const runFormat = 2;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Versions that knew one SAE wrote it alone, and the one layer beside it. */
function severalSaes(inputs: unknown): unknown {
  if (typeof inputs !== "object" || inputs === null || !("layer" in inputs)) return inputs;
  const { sae, layer, ...rest } = inputs as Record<string, unknown>;
  return { ...rest, saes: sae == null ? [] : [{ ...sae, layer }], layers: [layer] };
}

export const manifestSchema = z.strictObject({
  format: z.int().positive().max(runFormat).default(1),
  /** What decides the results; a run is resumed only by the same. */
  inputs: z.preprocess(
    severalSaes,
    z.strictObject({
      model: z.strictObject({
        name: z.string(),
        architecture: z.string(),
        layers: z.int(),
        d_model: z.int(),
        sha256,
      }),
      /** Runs of versions before there were adapters do not name one. */
      adapter: z
        .strictObject({ name: z.string(), made_for: z.string().nullable(), sha256 })
        .nullable()
        .default(null),
      tokenizer: z.strictObject({ sha256 }),
      template: z.strictObject({ sha256 }).nullable(),
      /** What ends an answer, as the vocabulary spells it; null where that is a padded row, and in all of older versions. */
      end_tokens: z
        .array(z.strictObject({ id: z.int().nonnegative(), token: z.string().nullable() }))
        .nullable()
        .default(null),
      prompts: z.strictObject({ name: z.string(), sha256, n: z.int(), notes: z.array(z.string()) }),
      /** In the order named: the headline speaks of the first. */
      saes: z.array(
        z.strictObject({
          name: z.string(),
          /** Features active on a token, where the k largest are kept, whoever said it; versions before have it in the hash alone. */
          k: z.int().positive().nullable().optional(),
          sha256,
          d_sae: z.int(),
          kind: z.string(),
          hook: z.string(),
          /** Block whose resid_post it was given. */
          layer: z.int().nonnegative(),
        }),
      ),
      plan: planSchema
        .omit({
          model: true,
          adapter: true,
          prompts: true,
          sae: true,
          show_text: true,
          fidelity: true,
          fidelity_bound: true,
        })
        // Runs of versions before these could be chosen.
        .extend({
          precision: z.enum(precisions).default("fp32"),
          allow_failed: z.boolean().default(false),
          pooling: z.enum(poolings).default("mean"),
          categories: categoriesSchema.default([...publishedCategories]),
          projection: z.boolean().default(false),
        }),
      /** Above which the run would not have been made; null where fidelity was not asked for. */
      fidelity_bound: z.number().nullable().default(null),
      /** Which way of rounding the weights; null in fp32. */
      rounding: z.int().nullable().default(null),
      /** Blocks whose resid_post was kept, rising. */
      layers: z.array(z.int().nonnegative()).min(1),
      /** The refusal score's tokens, as the vocabulary spells them. */
      refusal_tokens: z.array(z.string()),
      judge: z.string(),
      observations: z.int().nonnegative(),
    }),
  ),
  /** SHA-256 of files that are written at the start, by name; none in runs of versions that did not keep it. */
  files: z.record(z.string(), sha256).default({}),
  /** Measured before the first answer when the plan asks for it. */
  fidelity: fidelitySchema.nullable().default(null),
  /** What a reader has to know of how the model's files were read, a sentence each; runs of older versions have none. */
  notes: z.array(z.string()).default([]),
  /** Said of each SAE that was used although the load gate refused it; written when the gate has judged. */
  gate_overrides: z.array(z.string()).default([]),
  /** Of what came from the hub: recorded, free to differ on a resume. */
  origins: z
    .strictObject({
      model: originSchema.nullable(),
      adapter: originSchema.nullable(),
      sae: listOf(originSchema.nullable()),
    })
    .optional(),
  /** What it ran on: recorded, free to differ on a resume. */
  environment: z.strictObject({
    fathom: z.string(),
    node: z.string(),
    onnxruntime: z.string(),
    platform: z.string(),
    threads: z.int(),
    created: z.string(),
  }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** What to try when a file of a run is not what it was written as. */
export const restore = "restore the file or start a new run";

/** The prompts, so that the directory stands alone. */
export const promptsName = "prompts.jsonl";

export const manifestPath = (run: string): string => join(run, "manifest.json");

/** Whether there is a run that `--resume` goes on with. */
export const hasBegun = (run: string): boolean => existsSync(manifestPath(run));

export function writeManifest(run: string, manifest: Manifest): void {
  writeTextAtomically(manifestPath(run), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws FathomError when there is none, or it is of a newer format or damaged */
export function readManifest(run: string): Manifest {
  const path = manifestPath(run);
  if (!existsSync(path))
    throw badInput(run, "a run directory with a manifest.json", "none", "the folder given as --out");
  const json = readJson(path);
  const format = (json as { format?: unknown } | null)?.format;
  if (typeof format === "number" && format > runFormat) {
    throw badInput(
      path,
      `a run of format ${runFormat} or older`,
      `format ${format}`,
      "open it with the version of Fathom that made it, or a newer one",
    );
  }
  return parseRecord(manifestSchema, json, path, restore);
}

/**
 * Names, which say where something lay and not what it is: the same model in another folder is the same model. `notes` name
 * the prompt file; `k` is in its SAE's hash, and is not recorded by versions before.
 */
const free: ReadonlySet<string> = new Set(["name", "made_for", "notes", "k"]);

// What categories are called is no file's name.
const isFree = (key: string, path: string): boolean => free.has(key) && !path.startsWith(".plan");

/** @throws FathomError naming the first input in which a resumed run would differ from the one begun */
export function requireSameInputs(run: string, begun: Manifest, now: Manifest): void {
  // Of a run of an older version it is not known; what it has no key for, the keys of its answers say (units.ts).
  const ends = begun.inputs.end_tokens === null ? null : now.inputs.end_tokens;
  const differing = firstDifference(begun.inputs, { ...now.inputs, end_tokens: ends }, isFree);
  if (differing === null) return;
  throw badInput(
    `${manifestPath(run)} inputs${differing.path}`,
    `${shown(differing.begun)} as when the run began`,
    shown(differing.now),
    "resume with the same inputs, or choose another --out",
  );
}

/** Whether a run of these inputs would be the one begun. */
export function sameInputs(begun: Manifest, now: Manifest): boolean {
  return firstDifference(begun.inputs, now.inputs, isFree) === null;
}

function shown(value: Json | undefined): string {
  if (!isRecord(value) || typeof value["sha256"] !== "string") return canonicalJson(value ?? null);
  const { name, k, sha256 } = value;
  return [
    ...(typeof name === "string" ? [name] : []),
    ...(typeof k === "number" ? [`k = ${k}`] : []),
    `SHA-256 ${sha256}`,
  ].join(", ");
}
