/** The manifest of an anatomy: everything that another machine needs to repeat it, and that a resume compares. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { parseRecord } from "../../core/parse.ts";
import { splits } from "../../core/records/prompt.ts";
import { readJson, writeTextAtomically } from "../../files/disk/io.ts";
import {
  adapterIdentitySchema,
  modelIdentitySchema,
  saeIdentitySchema,
  sha256Schema,
} from "../inputs/identities.ts";
import { originSchema } from "../inputs/origin.ts";
import { firstDifference } from "../job/difference.ts";
import { environmentSchema } from "../job/environment.ts";
import { requireSame } from "../job/same-inputs.ts";
import { choicesSchema } from "./plan/plan.ts";

/** The format of the directory. An anatomy of another format is refused. */
const anatomyFormat = 1;

const sideSchema = z.strictObject({ name: z.string(), sha256: sha256Schema, notes: z.array(z.string()) });

export const anatomyManifestSchema = z.strictObject({
  kind: z.literal("anatomy"),
  format: z.literal(anatomyFormat),
  /** Everything that decides the results. An anatomy is resumed only with the same inputs. */
  inputs: z.strictObject({
    model: modelIdentitySchema,
    adapter: adapterIdentitySchema.nullable(),
    tokenizer: z.strictObject({ sha256: sha256Schema }),
    /** null: the prompts are read as bare text. */
    template: z.strictObject({ sha256: sha256Schema }).nullable(),
    /** The tokens that end an answer. `token` is null for a padded row without a token. */
    end_tokens: z.array(z.strictObject({ id: z.int().nonnegative(), token: z.string().nullable() })),
    harmful: sideSchema,
    harmless: sideSchema,
    /** Matched pairs in each part. */
    pairs: z.record(z.enum(splits), z.int().positive()),
    /** Who chose the parts: the prompts' own `split`, or the seed. */
    split_by: z.enum(["prompts", "seed"]),
    /** In the order of the plan. */
    saes: z.array(saeIdentitySchema),
    plan: choicesSchema.omit({ batch_size: true }),
    /** Name and version of the judge of the answers. */
    judge: z.string(),
  }),
  /** SHA-256 of the files that are written at the start, by name. */
  files: z.record(z.string(), sha256Schema),
  /** Sentences that a reader must know about how the model's files were read. */
  notes: z.array(z.string()),
  /** Where files from the hub came from. They are recorded, and may differ in a resume. */
  origins: z.strictObject({
    model: originSchema.nullable(),
    adapter: originSchema.nullable(),
    sae: z.array(originSchema.nullable()),
  }),
  /** The versions and the machine. They are recorded, and may differ in a resume. */
  environment: environmentSchema,
});
export type AnatomyManifest = z.infer<typeof anatomyManifestSchema>;

export const manifestKind = { kind: "anatomy", format: anatomyFormat } as const;

export const manifestPath = (run: string): string => join(run, "manifest.json");

/** Whether there is an anatomy that `--resume` goes on with. */
export const hasBegun = (run: string): boolean => existsSync(manifestPath(run));

export function writeManifest(run: string, manifest: AnatomyManifest): void {
  writeTextAtomically(manifestPath(run), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws FathomError if there is no manifest, if it is another job's or of another format, or damaged */
export function readManifest(run: string): AnatomyManifest {
  const path = manifestPath(run);
  if (!existsSync(path))
    throw badInput(
      run,
      "the directory of an anatomy, with a manifest.json",
      "none",
      "the folder given as --out",
    );
  const json = readJson(path);
  const { kind = "audit", format = null } = (json ?? {}) as { kind?: unknown; format?: unknown };
  if (kind !== "anatomy")
    throw badInput(path, "an anatomy", `a run of ${JSON.stringify(kind)}`, "another --out");
  if (format !== anatomyFormat)
    throw badInput(
      path,
      `an anatomy of format ${anatomyFormat}`,
      `format ${JSON.stringify(format)}`,
      "open it with the version of Fathom that made it",
    );
  return parseRecord(anatomyManifestSchema, json, path, "restore the file or start a new run");
}

/** A name says where a file lay, and not what it is. Notes hold such names. */
const free: ReadonlySet<string> = new Set(["name", "made_for", "notes"]);
const isFree = (key: string, path: string): boolean => free.has(key) && !path.startsWith(".plan");

/** @throws FathomError naming the first input in which a resumed anatomy would differ from the one begun */
export function requireSameInputs(run: string, begun: AnatomyManifest, now: AnatomyManifest): void {
  requireSame(manifestPath(run), begun.inputs, now.inputs, isFree);
}

/** Whether both manifests have the same inputs. */
export function sameInputs(begun: AnatomyManifest, now: AnatomyManifest): boolean {
  return firstDifference(begun.inputs, now.inputs, isFree) === null;
}
