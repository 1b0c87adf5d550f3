/** The manifest of a run: everything that another machine needs to repeat it, and that a resume compares. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { publishedCategories } from "../../audit/features/published-categories.ts";
import { badInput } from "../../core/errors.ts";
import { parseRecord } from "../../core/parse.ts";
import { categoriesSchema } from "../../core/records/category.ts";
import { fidelitySchema } from "../../core/records/fidelity.ts";
import { listOf } from "../../core/records/list-of.ts";
import { conditionSchema, prefillSchema, templateVarsSchema } from "../../core/records/observation.ts";
import { poolings } from "../../core/records/pooling.ts";
import { precisions } from "../../core/records/precision.ts";
import { seatedJudgeSchema } from "../../core/records/verdict.ts";
import { readJson, writeTextAtomically } from "../../files/disk/io.ts";
import { templateDay } from "../../model/text/jinja/strftime.ts";
import { fieldMapSchema } from "../../prompts/columns/field-map.ts";
import { capSources } from "../../recorded/cap.ts";
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
import { repliesSummarySchema } from "./answers/replies.ts";
import { anatomyBesideSchema } from "./beside/anatomy-beside.ts";
import { usedCalibrationSchema } from "./calibration.ts";
import { otherModelSchema } from "./logits/kl-to.ts";
import { type AuditPlan, planSchema } from "./plan.ts";

/**
 * The format of the run directory. A run of an older format is opened, and its findings are computed again (older.ts). A run of
 * a newer format is refused. In format 2 a finding says what it is about.
 */
export const runFormat = 2;

/** Older versions knew one judge, the rules, and counted it among the inputs. */
function seatedJudges(manifest: unknown): unknown {
  const { inputs, ...rest } = (manifest ?? {}) as Record<string, unknown>;
  if (typeof inputs !== "object" || inputs === null || !("judge" in inputs)) return manifest;
  const { judge, ...others } = inputs as Record<string, unknown>;
  return { ...rest, inputs: others, judges: [{ name: judge, kind: "rules", weight: 1, canaries: null }] };
}

/** Older versions knew only one SAE: they wrote it without a list, and its layer beside it. */
function severalSaes(inputs: unknown): unknown {
  if (typeof inputs !== "object" || inputs === null || !("layer" in inputs)) return inputs;
  const { sae, layer, ...rest } = inputs as Record<string, unknown>;
  return { ...rest, saes: sae == null ? [] : [{ ...sae, layer }], layers: [layer] };
}

/** Keys of a plan that the manifest has in another form, or that do not decide the results. */
export const elsewhere = {
  model: true,
  answers: true,
  endpoint: true,
  insecure_http: true,
  concurrency: true,
  requests_per_minute: true,
  tokens_per_minute: true,
  budget_requests: true,
  budget_tokens: true,
  adapter: true,
  prompts: true,
  sae: true,
  calibration: true,
  anatomy: true,
  kl_to: true,
  kl_to_adapter: true,
  show_text: true,
  fidelity: true,
  fidelity_bound: true,
  reasoning_cap: true,
  prefill_tokens: true,
  prefill_comply: true,
  prefill_refuse: true,
  judges: true,
} as const satisfies Partial<Record<keyof AuditPlan, true>>;

const written = z.strictObject({
  format: z.int().positive().max(runFormat).default(1),
  /** Everything that decides the results. A run is resumed only with the same inputs. */
  inputs: z.preprocess(
    severalSaes,
    z.strictObject({
      /** A checkpoint; null for a model behind an endpoint, and for recorded answers. */
      model: modelIdentitySchema.nullable(),
      /** The address without credentials, and the model's name there; null for a checkpoint. */
      endpoint: z.strictObject({ url: z.string(), model: z.string() }).nullable().default(null),
      /** The file of recorded answers; null where a model was asked. */
      answers: z
        .strictObject({
          name: z.string(),
          sha256: sha256Schema,
          /** The program that wrote the file, the model's name, and when: as the file says it, or null. */
          tool: z.string().nullable(),
          model: z.string().nullable(),
          date: z.string().nullable(),
          /** Where the cap comes from (src/recorded/cap.ts). */
          cap_from: z.enum(capSources),
          /** How many answers do not say how they ended. They count as ended. */
          without_finish: z.int().nonnegative(),
          /** Whether the file says through which template the prompts went. */
          states_template: z.boolean(),
          /** Whether it says which sampling seed, or which repetition, an answer is of. */
          states_seed: z.boolean(),
        })
        .nullable()
        .default(null),
      /** Runs of versions without adapters do not have this key. */
      adapter: adapterIdentitySchema.nullable().default(null),
      /** null behind an endpoint. */
      tokenizer: z.strictObject({ sha256: sha256Schema }).nullable(),
      template: z.strictObject({ sha256: sha256Schema }).nullable(),
      /**
       * The tokens that end an answer. `token` is null for a padded row without a token. The list is null in runs of older
       * versions.
       */
      end_tokens: z
        .array(z.strictObject({ id: z.int().nonnegative(), token: z.string().nullable() }))
        .nullable()
        .default(null),
      prompts: z.strictObject({
        name: z.string(),
        sha256: sha256Schema,
        n: z.int(),
        notes: z.array(z.string()),
      }),
      /** In the order of the plan. The headline is about the first. */
      saes: z.array(saeIdentitySchema),
      plan: planSchema
        .omit(elsewhere)
        // Runs of versions in which these could not be chosen.
        .extend({
          map: fieldMapSchema.default({}),
          precision: z.enum(precisions).default("fp32"),
          allow_failed: z.boolean().default(false),
          pooling: z.enum(poolings).default("mean"),
          categories: categoriesSchema.default([...publishedCategories]),
          projection: z.boolean().default(false),
          template_vars: templateVarsSchema.default({}),
          date: z.string().default(templateDay),
          also_systems: planSchema.shape.also_systems.default([]),
          also_turns: planSchema.shape.also_turns.default([]),
          // null: recorded answers do not say it.
          temperature: z.number().nonnegative().nullable(),
        }),
      /** What was put into the model's mouth; empty where nothing was, and in runs of older versions. */
      prefills: z.array(prefillSchema).default([]),
      /**
       * The marks of the model's thoughts, and the most tokens of a thought. null for a model that cannot think, and in runs of
       * older versions, which counted thoughts as answers.
       */
      reasoning: z
        .strictObject({
          marks: z.array(z.strictObject({ open: z.string(), close: z.string() })),
          cap: z.int().positive(),
        })
        .nullable()
        .default(null),
      /** The mean KL above which the run would not have started; null without --fidelity. */
      fidelity_bound: z.number().nullable().default(null),
      /** Version of the rounding of the weights; null in fp32. */
      rounding: z.int().nullable().default(null),
      /**
       * Under int8, whether matrices that read the residual stream are multiplied in 8-bit integers; false where this processor
       * cannot. null in other precisions, and in runs of older versions, which never did.
       */
      int8_products: z.boolean().nullable().default(null),
      /** Blocks whose resid_post was kept, in rising order; empty behind an endpoint. */
      layers: z.array(z.int().nonnegative()),
      /** The refusal score's tokens, as the vocabulary spells them. */
      refusal_tokens: z.array(z.string()),
      observations: z.int().nonnegative(),
    }),
  ),
  /** SHA-256 of the files that are written at the start, by name; empty in runs of older versions. */
  files: z.record(z.string(), sha256Schema).default({}),
  /** Measured before the first answer, if the plan asks for it; otherwise null. */
  fidelity: fidelitySchema.nullable().default(null),
  /**
   * The judge's error, for which refusal rates are corrected; null without one. It changes no answer, so a resume may add it,
   * replace it or leave it out.
   */
  calibration: usedCalibrationSchema.nullable().default(null),
  /** The anatomy on which the headline on depth rests; null without one. It changes no answer, so a resume may add it. */
  anatomy: anatomyBesideSchema.nullable().default(null),
  /** The checkpoint from which the model's distance was measured, token by token; null without one. It changes no answer, so a resume may add it. */
  kl_to: otherModelSchema.nullable().default(null),
  /** Sentences that a reader must know about how the model's files were read; empty in runs of older versions. */
  notes: z.array(z.string()).default([]),
  /**
   * The judges whose votes made the verdicts; empty until the answers are judged. A resume may have others: it judges what they
   * have not judged yet.
   */
  judges: z.array(seatedJudgeSchema).default([]),
  /** What the endpoint's replies cost and say of themselves; written when all have arrived. null for a checkpoint. */
  replies: repliesSummarySchema.nullable().default(null),
  /** One sentence per SAE that was used although it failed the load gate; written after the gate has judged. */
  gate_overrides: z.array(z.string()).default([]),
  /** Where files from the hub came from. They are recorded, and may differ in a resume. */
  origins: z
    .strictObject({
      model: originSchema.nullable(),
      adapter: originSchema.nullable(),
      sae: listOf(originSchema.nullable()),
    })
    .optional(),
  /**
   * One prompt as the model reads it under each template and in each other turn, special tokens included; empty behind an endpoint and in runs of older
   * versions.
   */
  rendered: z
    .array(
      z.strictObject({
        template: z.enum(["chat", "none"]),
        turn: conditionSchema.shape.turn,
        prompt_id: z.string(),
        text: z.string(),
        system_turn: z.string().nullable(),
      }),
    )
    .default([]),
  /** The versions and the machine. They are recorded, and may differ in a resume. */
  environment: environmentSchema,
});
export const manifestSchema = z.preprocess(seatedJudges, written);
export type Manifest = z.infer<typeof manifestSchema>;

/** The name of what the run audits. */
export const nameOfSubject = ({ model, adapter, endpoint, answers }: Manifest["inputs"]): string =>
  `${endpoint?.model ?? model?.name ?? answers?.model ?? answers?.name ?? ""}${adapter === null ? "" : ` with ${adapter.name}`}`;

/** The hint for a file of a run that was changed or damaged. */
export const restore = "restore the file or start a new run";

/** The file of the prompts, so that the directory needs no other file. */
export const promptsName = "prompts.jsonl";

export const manifestPath = (run: string): string => join(run, "manifest.json");

/** Whether there is a run that `--resume` goes on with. */
export const hasBegun = (run: string): boolean => existsSync(manifestPath(run));

export function writeManifest(run: string, manifest: Manifest): void {
  writeTextAtomically(manifestPath(run), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws FathomError if there is no manifest, or if it is damaged or of a newer format */
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
 * Keys that may differ in a resume. A name says where a file lay, and not what it is: the same model in another folder is the
 * same model. `notes` contain the name of the prompt file. `k` is part of the SAE's hash, and older versions do not record it.
 */
const free: ReadonlySet<string> = new Set(["name", "made_for", "notes", "k"]);

// The name of a category is not the name of a file, so it may not differ.
const isFree = (key: string, path: string): boolean => free.has(key) && !path.startsWith(".plan");

/** @throws FathomError naming the first input in which a resumed run would differ from the one begun */
export function requireSameInputs(run: string, begun: Manifest, now: Manifest): void {
  // An older version did not record the end tokens. If they differ, the keys of the answers differ too (units.ts).
  const ends = begun.inputs.end_tokens === null ? null : now.inputs.end_tokens;
  requireSame(manifestPath(run), begun.inputs, { ...comparable(begun, now), end_tokens: ends }, isFree);
}

/** Whether both manifests have the same inputs. */
export function sameInputs(begun: Manifest, now: Manifest): boolean {
  return firstDifference(begun.inputs, comparable(begun, now), isFree) === null;
}

/**
 * The inputs of `now`. If its prompts are those of the run, then it does not matter from which file and columns they were read: the
 * run's own prompts.jsonl is as good as the file that the run began with.
 */
function comparable(begun: Manifest, { inputs, files }: Manifest): Manifest["inputs"] {
  if (files[promptsName] === undefined || files[promptsName] !== begun.files[promptsName]) return inputs;
  const { prompts, plan } = begun.inputs;
  return {
    ...inputs,
    prompts: { ...inputs.prompts, sha256: prompts.sha256 },
    plan: { ...inputs.plan, map: plan.map },
  };
}
