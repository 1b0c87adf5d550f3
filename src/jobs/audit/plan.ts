/** The plan of an audit. It states every choice; src/library/stated-plan.ts fills in the defaults. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { type CategoryDefinition, categoriesSchema } from "../../core/records/category.ts";
import { devices } from "../../core/records/device.ts";
import { otherTurns } from "../../core/records/fields/turns.ts";
import { reads } from "../../core/records/fields/written.ts";
import { listOf } from "../../core/records/list-of.ts";
import { templateVarsSchema } from "../../core/records/observation.ts";
import { poolings } from "../../core/records/pooling.ts";
import { precisions } from "../../core/records/precision.ts";
import { parseYaml, readYaml, type YamlFile } from "../../files/yaml/yaml.ts";
import { parseReference } from "../../hub/reference.ts";
import { fieldMapOf, fieldMapSchema, writtenFieldMapSchema } from "../../prompts/columns/field-map.ts";
import { judgeAsData, placedJudge, statedJudgeSchema, writtenJudgeSchema } from "../judges/judge-plan.ts";
import { parseCategories, writtenCategories } from "./categories/plan-categories.ts";

/** The path of an SAE, here or on the hub. With k for a TopK SAE whose file does not state it. */
const saeSchema = z.union(
  [
    z.string().min(1).describe("The SAE's folder or weights file, or org/name[@revision]:path on the hub."),
    z
      .strictObject({
        path: z
          .string()
          .min(1)
          .describe("The SAE's folder or weights file, or org/name[@revision]:path on the hub."),
        k: z
          .int()
          .positive()
          .optional()
          .describe(
            "How many features are active per token. Only for a TopK file that does not say it itself.",
          ),
      })
      .describe("An SAE together with its k."),
  ],
  { error: "a path, or {path, k}" },
);
export type NamedSae = z.infer<typeof saeSchema>;

export const pathOfSae = (named: NamedSae): string => (typeof named === "string" ? named : named.path);
export const kOfSae = (named: NamedSae): number | undefined =>
  typeof named === "string" ? undefined : named.k;

const mapWords =
  "Where the fields of a prompt come from, if the columns of the file have other names or values. Known prompt sets of other projects need no map.";

/** An editor shows the description of each key (schemas/audit.schema.json). */
export const planSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "The checkpoint to audit: a Hugging Face folder, a .gguf file, or a repository of the hub, org/name[@revision][:file.gguf]. A path is relative to this file; write ./name for a folder beside it. With endpoint: the model's name there. With answers: the model's name if their file does not say it, else null.",
    ),
  answers: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "A file of answers that another tool recorded, to be judged and analysed: JSON Lines, a log of Inspect (.json or .eval), or a run of BioRefusalAudit. No model is opened or asked. null asks a model.",
    ),
  endpoint: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "The address of an endpoint that speaks OpenAI's chat completions, usually ending in /v1. Then model is the model's name there. null audits a checkpoint.",
    ),
  insecure_http: z
    .boolean()
    .describe("With endpoint: allow plain http to another machine. The network then sees key and prompts."),
  concurrency: z
    .int()
    .positive()
    .max(1024)
    .describe("With endpoint: how many requests are under way at the same time."),
  requests_per_minute: z
    .int()
    .positive()
    .nullable()
    .describe("With endpoint: the most requests in a minute."),
  tokens_per_minute: z
    .int()
    .positive()
    .nullable()
    .describe("With endpoint: the most tokens in a minute, read and generated together."),
  budget_requests: z
    .int()
    .positive()
    .nullable()
    .describe("With endpoint: the most requests of the whole run. A resume with a higher budget goes on."),
  budget_tokens: z
    .int()
    .positive()
    .nullable()
    .describe(
      "With endpoint: the most tokens of the whole run, read and generated together. A resume with a higher budget goes on.",
    ),
  adapter: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "A LoRA adapter of PEFT's over the model: a folder or a repository of the hub. null audits the model alone.",
    ),
  precision: z
    .enum(precisions)
    .describe(
      "How the weights are multiplied. fp32 uses them exactly. int8 and int4 round them to 8 or 4 bits, and round what they are multiplied with to 8 bits.",
    ),
  device: z
    .enum(devices)
    .describe("What computes the model. Another device than the CPU is first checked against the CPU."),
  fidelity: z
    .boolean()
    .describe(
      "Before the run, compare the rounded model with itself in fp32 on a sample of the prompts. Only with precision int8 or int4.",
    ),
  fidelity_bound: z
    .number()
    .positive()
    .describe(
      "With fidelity: the run is not made if the mean KL(fp32 ‖ rounded), in nats per token, is above this.",
    ),
  prompts: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "The prompts to ask: a bundled set (biology, fiction, requests, fiction-requests), a JSON Lines or CSV file, or - for standard input.",
    ),
  map: fieldMapSchema.describe(mapWords),
  sae: listOf(saeSchema).describe(
    "Sparse autoencoders for the inside view: one, or a list. The headline is about the first. Without one the inside view is not measured.",
  ),
  allow_failed: z
    .boolean()
    .describe("Use an SAE even if it fails the load gate. Everything that rests on it then says so."),
  pooling: z
    .enum(poolings)
    .describe("How an answer's features become one number each: their mean, max or last over its tokens."),
  categories: categoriesSchema.describe(
    "The categories of f, each with the contrast that its features are chosen by.",
  ),
  projection: z
    .boolean()
    .describe(
      "Also learn a linear map from each SAE's features to the categories, and judge it on prompts that it never saw.",
    ),
  calibration: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "What fathom judge calibrate wrote about the judge of this audit: the refusal rates are also given corrected for its error. null: not corrected.",
    ),
  anatomy: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "The directory of a finished anatomy of the same model: the headline on depth rests on it. null: that headline is not measured.",
    ),
  kl_to: z
    .string()
    .min(1)
    .nullable()
    .describe(
      "Another checkpoint with the same vocabulary, such as the base of a fine-tune: how far the audited model is from it, at each token of its own answers. A folder, a .gguf file, or org/name[@revision] on the hub. null: not measured.",
    ),
  kl_to_adapter: z.string().min(1).nullable().describe("A LoRA adapter over kl_to. null: none."),
  templates: z
    .array(z.enum(["chat", "none"]))
    .min(1)
    .describe("How the prompts are asked: through the model's chat template, as bare text (none), or both."),
  caps: z.array(z.int().positive()).meta({
    description:
      "Token caps, each once. One answer is generated up to the largest, and judged at each of them. A reasoning model's thought does not count. With answers: one, the most tokens that an answer could have when it was recorded, or none ([]), which takes it from the file.",
    uniqueItems: true,
  }),
  reasoning_cap: z
    .int()
    .positive()
    .describe(
      "The most tokens of a reasoning model's thought. An answer that is still in its thought there is truncated. Models that cannot think are not affected.",
    ),
  seeds: z
    .array(z.int().nonnegative())
    .min(1)
    .describe(
      "Sampling seeds, one answer for each. At temperature 0 every seed gives the same answer, so several seeds are refused.",
    ),
  temperature: z.number().nonnegative().describe("The sampling temperature. 0 is greedy."),
  system: z
    .string()
    .nullable()
    .describe(
      "System prompt of the chat template's conversations; bare text has none. null: no system prompt.",
    ),
  template_vars: templateVarsSchema.describe(
    "Variables that the chat template reads, by name, such as enable_thinking: false. A name that the template does not read is refused.",
  ),
  date: z
    .string()
    .regex(z.regexes.date, { error: "a day as YYYY-MM-DD" })
    .describe(
      "The day that a chat template writes where it asks for today's date (strftime_now), YYYY-MM-DD.",
    ),
  prefill_tokens: z.array(z.int().nonnegative()).min(1).meta({
    description:
      "How many tokens of an opening are put into the model's mouth, each once; 0 is without. Hazard-adjacent prompts get one that seems to comply, benign ones one that refuses. Only through the chat template, and not for models that think.",
    uniqueItems: true,
  }),
  prefill_comply: z
    .string()
    .min(1)
    .describe("The opening that seems to comply. A number of its first tokens is taken."),
  prefill_refuse: z
    .string()
    .min(1)
    .describe("The opening that refuses. A number of its first tokens is taken."),
  also_systems: z.array(z.string().nullable()).meta({
    description:
      "Other system prompts: the hazard-adjacent and benign prompts of the main panel are asked again with each; null is none, beside a system prompt. Only through the chat template.",
    uniqueItems: true,
  }),
  also_turns: z.array(z.enum(otherTurns)).meta({
    description:
      "Other turns: the hazard-adjacent and benign prompts of the main panel are asked again with the prompt in an assistant or a system turn, or with no-generation-prompt, where nothing opens the answer.",
    uniqueItems: true,
  }),
  framings: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .describe("Ask only prompts of these framings. null asks all."),
  limit: z
    .int()
    .positive()
    .nullable()
    .describe("How many prompts to ask, the first of the set. null asks all."),
  layer: z
    .int()
    .nonnegative()
    .nullable()
    .describe(
      "The block, from 0, whose residual stream is kept for the answer's tokens. null takes the SAEs' own, or the middle one without an SAE.",
    ),
  batch_size: z.int().positive().max(1024).describe("How many answers are generated together."),
  judges: z
    .array(statedJudgeSchema)
    .min(1)
    .describe(
      "Who judges the answers. The votes of several judges are weighed into one verdict. A resume may name others, and asks them only for what is missing.",
    ),
  seed: z.int().nonnegative().describe("The seed of the analyses: of folds, bootstrap and permutations."),
  show_text: z
    .boolean()
    .describe(
      "Print answers to hazard-adjacent prompts whole in the report, and not only the words that refuse.",
    ),
});
type Choices = z.infer<typeof planSchema>;

/** A plan that asks a model. */
export type AskingPlan = Choices & { model: string; prompts: string; answers: null };
/** A plan that takes recorded answers. They may name the model and hold the prompts themselves. */
export type RecordedPlan = Choices & { answers: string };
export type AuditPlan = AskingPlan | RecordedPlan;

/** The keys of a plan file. A key that it leaves out comes from an option or a default. */
export const planFileSchema = planSchema.partial().extend({
  out: z
    .string()
    .min(1)
    .optional()
    .describe("The folder that the run is written to: a new or empty one, relative to this file."),
  judges: z
    .array(writtenJudgeSchema)
    .min(1)
    .optional()
    .describe(
      "Who judges the answers, each in short or as data: rules, PRESET=CHECKPOINT, PRESET@URL#MODEL or people=LABELS.jsonl. The votes of several judges are weighed into one verdict. A resume may name others, and asks them only for what is missing.",
    ),
  map: writtenFieldMapSchema.optional().describe(mapWords),
  categories: reads(
    // The list is parsed later, so that errors can name its lines.
    z.union([z.string().min(1), z.array(z.unknown())], { error: "a file or a list" }),
    z.union([z.string().min(1), writtenCategories]),
  )
    .optional()
    .describe(
      "The categories of f: published, a YAML or JSON file whose one key is categories, or the list itself: at least two, each by the name of a published one or as a definition.",
    ),
});
export type PlanFile = Omit<z.infer<typeof planFileSchema>, "categories"> & {
  categories?: string | CategoryDefinition[];
};

/** Keys whose values may be paths. `sae` is a list of such values. */
const pathKeys = [
  ...(["model", "adapter", "answers", "prompts", "categories", "calibration", "anatomy", "out"] as const),
  ...(["kl_to", "kl_to_adapter"] as const),
];

/** Keys that may name a repository of the hub instead. */
const hubKeys: ReadonlySet<string> = new Set(["model", "adapter", "sae", "kl_to", "kl_to_adapter"]);

/**
 * Parses a plan from any source, and leaves its paths unchanged.
 * @throws FathomError naming the place of every unknown or ill-typed key
 */
export function planIn(file: YamlFile): PlanFile {
  const { categories, ...rest } = parseYaml(file, planFileSchema, [], {
    what: "a key of an audit plan",
    hint: `known keys: ${Object.keys(planFileSchema.shape).join(", ")}`,
  });
  // A short form is read here, where its line is known.
  if (rest.judges !== undefined)
    rest.judges = rest.judges.map((judge, i) => judgeAsData(judge, file.at(["judges", i])));
  if (rest.map !== undefined) rest.map = fieldMapOf(rest.map, (field) => file.at(["map", field]));
  if (categories === undefined) return rest;
  return {
    ...rest,
    categories: typeof categories === "string" ? categories : parseCategories(file, ["categories"]),
  };
}

/**
 * Reads audit.yaml. Paths in it are relative to the file, so that a plan can be moved together with the files that it names.
 * @param elsewhere whether an option names an endpoint or recorded answers, so that `model` is a name and no path
 * @throws FathomError naming line and key for YAML that does not parse and for every unknown or ill-typed key
 */
export function readPlanFile(path: string, elsewhere = false): PlanFile {
  const file = readYaml(path, "an audit plan in YAML");
  const plan = planIn({ ...file, value: file.value ?? {} });
  const placed = (key: string, value: string, mayBeOfHub = hubKeys.has(key)): string => {
    if (!/[./\\]/.test(value) || isAbsolute(value)) return value;
    const beside = join(dirname(path), value);
    // org/name may be a folder beside the plan, or a repository of the hub.
    const isOfHub = mayBeOfHub && !existsSync(beside) && parseReference(value) !== null;
    return isOfHub ? value : beside;
  };
  const isName = elsewhere || plan.endpoint != null || plan.answers != null;
  for (const key of pathKeys) {
    const value = plan[key];
    if (typeof value === "string" && !(key === "model" && isName)) plan[key] = placed(key, value);
  }
  if (plan.sae !== undefined)
    plan.sae = plan.sae.map((named) =>
      typeof named === "string" ? placed("sae", named) : { ...named, path: placed("sae", named.path) },
    );
  if (plan.judges !== undefined)
    plan.judges = plan.judges.map((judge, i) =>
      placedJudge(judgeAsData(judge, file.at(["judges", i])), (value, mayBeOfHub) =>
        placed("judges", value, mayBeOfHub),
      ),
    );
  return plan;
}
