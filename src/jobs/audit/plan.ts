/** What an audit is asked to do: every choice stated, none defaulted here (the command line does that). */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { type CategoryDefinition, categoriesSchema } from "../../core/records/category.ts";
import { devices } from "../../core/records/device.ts";
import { listOf } from "../../core/records/list-of.ts";
import { poolings } from "../../core/records/pooling.ts";
import { precisions } from "../../core/records/precision.ts";
import { parseYaml, readYaml } from "../../files/yaml/yaml.ts";
import { parseReference } from "../../hub/reference.ts";
import { parseCategories } from "./categories.ts";

/** An SAE's file or directory, here or on the hub; k where it keeps the k largest and no file says how many. */
const saeSchema = z.union(
  [z.string().min(1), z.strictObject({ path: z.string().min(1), k: z.int().positive().optional() })],
  { error: "a path, or {path, k}" },
);
export type NamedSae = z.infer<typeof saeSchema>;

export const pathOfSae = (named: NamedSae): string => (typeof named === "string" ? named : named.path);
export const kOfSae = (named: NamedSae): number | undefined =>
  typeof named === "string" ? undefined : named.k;

export const planSchema = z.strictObject({
  /** A Hugging Face directory, a .gguf file, or a repository of the hub. */
  model: z.string().min(1),
  /** A LoRA adapter of PEFT's over it, a folder or a repository; null audits the model alone. */
  adapter: z.string().min(1).nullable(),
  /** fp32 computes with the weights exactly; int8 and int4 round them, and what they are multiplied with to 8 bits. */
  precision: z.enum(precisions),
  /** What computes the model; its self-check has held it against the CPU. */
  device: z.enum(devices),
  /** Compare the rounded model with itself in fp32 before the run. */
  fidelity: z.boolean(),
  /** Mean KL(fp32 ‖ rounded), nats a token, above which the run is not made. */
  fidelity_bound: z.number().positive(),
  /** A bundled set's name or a JSON Lines file. */
  prompts: z.string().min(1),
  /** The headline speaks of the first. Without one there is no inside view. */
  sae: listOf(saeSchema),
  /** Use an SAE that failed the load gate all the same; everything that rests on it then says so. */
  allow_failed: z.boolean(),
  /** How an answer's features are pooled over its response tokens. */
  pooling: z.enum(poolings),
  /** What f is made of, each with the contrast that its features are chosen by. */
  categories: categoriesSchema,
  /** Learn a linear map from features to the categories too, and hold it against labels dealt at random. */
  projection: z.boolean(),
  templates: z.array(z.enum(["chat", "none"])).min(1),
  /** Token caps; one generation to the largest is judged at each. */
  caps: z.array(z.int().positive()).min(1),
  /** Sampling seeds, one answer each; at temperature 0 there is one answer. */
  seeds: z.array(z.int().nonnegative()).min(1),
  temperature: z.number().nonnegative(),
  /** System prompt of the chat template's conversations. */
  system: z.string().nullable(),
  /** Only prompts of these framings; null takes all. */
  framings: z.array(z.string().min(1)).min(1).nullable(),
  /** Only the first this many prompts; null takes all. */
  limit: z.int().positive().nullable(),
  /** Block whose resid_post is kept for the response tokens; null takes the SAEs' own, or the middle one without an SAE. */
  layer: z.int().nonnegative().nullable(),
  /** Rows decoded together. */
  batch_size: z.int().positive().max(1024),
  /** Of the analyses: folds, bootstrap, permutations. */
  seed: z.int().nonnegative(),
  /** Print compliant answers to hazard-adjacent prompts in the report. */
  show_text: z.boolean(),
});
export type AuditPlan = z.infer<typeof planSchema>;

const fileSchema = planSchema.partial().extend({
  out: z.string().min(1).optional(),
  /** A name or a file, or the list itself, which is parsed with its lines. */
  categories: z.union([z.string().min(1), z.array(z.unknown())], { error: "a file or a list" }).optional(),
});
export type PlanFile = Omit<z.infer<typeof fileSchema>, "categories"> & {
  categories?: string | CategoryDefinition[];
};

/** Keys whose values are paths when they look like one; `sae` lists such values. */
const pathKeys = ["model", "adapter", "prompts", "categories", "out"] as const;

/** Those that may name a repository of the hub instead. */
const hubKeys: ReadonlySet<string> = new Set(["model", "adapter", "sae"]);

/**
 * Reads audit.yaml. Paths in it are relative to the file, so that a plan can be moved with what it names.
 * @throws FathomError naming line and key for YAML that does not parse and for every unknown or ill-typed key
 */
export function readPlanFile(path: string): PlanFile {
  const file = readYaml(path, "an audit plan in YAML");
  const { categories, ...rest } = parseYaml({ ...file, value: file.value ?? {} }, fileSchema, [], {
    what: "a key of an audit plan",
    hint: `known keys: ${Object.keys(fileSchema.shape).join(", ")}`,
  });
  const plan: PlanFile = {
    ...rest,
    ...(categories === undefined
      ? {}
      : { categories: typeof categories === "string" ? categories : parseCategories(file, ["categories"]) }),
  };
  const placed = (key: string, value: string): string => {
    if (!/[./\\]/.test(value) || isAbsolute(value)) return value;
    const beside = join(dirname(path), value);
    // org/name may be a folder beside the plan, or a repository of the hub.
    const isOfHub = hubKeys.has(key) && !existsSync(beside) && parseReference(value) !== null;
    return isOfHub ? value : beside;
  };
  for (const key of pathKeys) {
    const value = plan[key];
    if (typeof value === "string") plan[key] = placed(key, value);
  }
  if (plan.sae !== undefined)
    plan.sae = plan.sae.map((named) =>
      typeof named === "string" ? placed("sae", named) : { ...named, path: placed("sae", named.path) },
    );
  return plan;
}
