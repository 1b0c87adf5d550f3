/** What an audit is asked to do: every choice stated, none defaulted here (the command line does that). */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { devices } from "../core/device.ts";
import { badInput } from "../core/errors.ts";
import { precisions } from "../core/precision.ts";
import { readProblem } from "../files/io.ts";
import { parseReference } from "../hub/reference.ts";

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
  /** An SAE's file or directory, here or on the hub; null leaves the inside view unmeasured. */
  sae: z.string().min(1).nullable(),
  /** Use an SAE that failed the load gate all the same; everything that rests on it then says so. */
  allow_failed: z.boolean(),
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
  /** Block whose resid_post is kept for the response tokens; null takes the SAE's, or the middle one without an SAE. */
  layer: z.int().nonnegative().nullable(),
  /** Rows decoded together. */
  batch_size: z.int().positive().max(1024),
  /** Of the analyses: folds, bootstrap, permutations. */
  seed: z.int().nonnegative(),
  /** Print compliant answers to hazard-adjacent prompts in the report. */
  show_text: z.boolean(),
});
export type AuditPlan = z.infer<typeof planSchema>;

const fileSchema = planSchema.partial().extend({ out: z.string().min(1).optional() });
export type PlanFile = z.infer<typeof fileSchema>;

/** Keys whose values are paths when they look like one. */
const pathKeys = ["model", "adapter", "prompts", "sae", "out"] as const;

/** Those that may name a repository of the hub instead. */
const hubKeys: ReadonlySet<string> = new Set(["model", "adapter", "sae"]);

/**
 * Reads audit.yaml. Paths in it are relative to the file, so that a plan can be moved with what it names.
 * @throws FathomError naming line and key for YAML that does not parse and for every unknown or ill-typed key
 */
export function readPlanFile(path: string): PlanFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw readProblem(path, error, "an audit plan in YAML");
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as object);
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [at] = broken.linePos ?? [];
    throw badInput(`${path}:${at?.line ?? 1}`, "YAML", broken.message.split("\n")[0]!);
  }
  const result = fileSchema.safeParse(document.toJS() ?? {});
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const key = [...issue.path.map(String), ...(unknown === undefined ? [] : [unknown])];
    const node = document.getIn(key, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range === undefined ? 1 : lines.linePos(node.range[0]).line;
    throw badInput(
      `${path}:${line} ${key.join(".")}`,
      unknown === undefined
        ? issue.message.replace(/^Invalid input: expected /, "")
        : "a key of an audit plan",
      unknown === undefined ? JSON.stringify(document.getIn(key) ?? null) : "a key it does not know",
      `known keys: ${Object.keys(fileSchema.shape).join(", ")}`,
    );
  }
  const plan = { ...result.data };
  for (const key of pathKeys) {
    const value = plan[key];
    if (typeof value !== "string" || !/[./\\]/.test(value) || isAbsolute(value)) continue;
    const beside = join(dirname(path), value);
    // org/name may be a folder beside the plan, or a repository of the hub.
    const isOfHub = hubKeys.has(key) && !existsSync(beside) && parseReference(value) !== null;
    if (!isOfHub) plan[key] = beside;
  }
  return plan;
}
