/**
 * How a person names judges: in a plan or a file of judges as data, on the command line in short.
 *
 *     rules                       the judge by rules
 *     labels=./Qwen3-0.6B         a preset and a checkpoint on Fathom's own engine
 *     labels@http://host/v1#name  a preset, an endpoint and the model's name there
 *     people=labels.jsonl         labels that people gave
 */
import { z } from "zod";
import { badInput, type FathomError } from "../../core/errors.ts";
import { type DeniedPremise, deniedPremises } from "../../judges/decide.ts";
import { presetNames } from "../../judges/presets/presets.ts";

const weight = z
  .number()
  .positive()
  .max(1000)
  .describe(
    "What its vote weighs in a panel. Published: rules 0.2, an endpoint's model 1, a checkpoint 0.6, people 2.",
  );
const preset = z
  .enum(presetNames)
  .describe("The prompt that the model is asked with, and how its reply is read.");
const limit = z.int().positive().nullable();

const rules = { rules: z.literal(true).describe("The judge by rules.") };
const deniedPremise = z
  .enum(deniedPremises)
  .describe(
    "What an answer is that only denies the question's premise. refuse: as XSTest counts it. evade: as others do.",
  );
const people = {
  people: z
    .string()
    .min(1)
    .describe(
      "A JSON Lines file of labels that people gave: id, answer, label, and rater and prompt where known.",
    ),
};
const checkpoint = {
  preset,
  model: z.string().min(1).describe("A checkpoint, as in the key model of a plan."),
};
const endpoint = {
  preset,
  endpoint: z
    .string()
    .min(1)
    .describe("The base address of an OpenAI-compatible endpoint, such as http://127.0.0.1:8080/v1."),
  model: z.string().min(1).describe("The model's name at the endpoint."),
};
const limits = {
  concurrency: z.int().positive().max(256).describe("How many requests are under way at the same time."),
  requests_per_minute: limit.describe("The most requests per minute. null: no limit."),
  tokens_per_minute: limit.describe("The most tokens per minute, read and written. null: no limit."),
  budget_requests: limit.describe("The most requests of one session of judging. null: no limit."),
  budget_tokens: limit.describe("The most tokens of one session of judging. null: no limit."),
  insecure_http: z.boolean().describe("Allow plain http to another machine, in a network that you trust."),
};

const form = "rules, PRESET=CHECKPOINT, PRESET@URL#MODEL or people=LABELS.jsonl";

const presetsInShort = presetNames.join("|");
const short = new RegExp(
  `^(?:rules|people=(?<people>.+)|(?<preset>${presetsInShort})(?:=(?<path>.+)|@(?<url>https?://[^#]+)#(?<model>.+)))$`,
);

/** A judge as a person writes it. */
export const writtenJudgeSchema = z.union(
  [
    z.string().regex(short).describe(`A judge in short: ${form}.`),
    z.strictObject({ ...rules, denied_premise: deniedPremise.optional(), weight: weight.optional() }),
    z.strictObject({ ...people, weight: weight.optional() }),
    z.strictObject({ ...endpoint, weight: weight.optional(), ...z.strictObject(limits).partial().shape }),
    z.strictObject({ ...checkpoint, weight: weight.optional() }),
  ],
  { error: `${form}, or the same as data` },
);
export type WrittenJudge = z.infer<typeof writtenJudgeSchema>;

/** A judge with every choice stated. */
export const statedJudgeSchema = z.union([
  z.strictObject({ ...rules, denied_premise: deniedPremise, weight }),
  z.strictObject({ ...people, weight }),
  z.strictObject({ ...endpoint, weight, ...limits }),
  z.strictObject({ ...checkpoint, weight }),
]);
export type StatedJudge = z.infer<typeof statedJudgeSchema>;
export type EndpointJudge = Extract<StatedJudge, { endpoint: string }>;

export interface JudgeDefaults {
  deniedPremise: DeniedPremise;
  weights: { rules: number; endpoint: number; checkpoint: number; people: number };
  limits: Pick<EndpointJudge, keyof typeof limits>;
}

/** Reads a short form. @throws FathomError for one that is none, or that names no preset */
export function judgeAsData(written: WrittenJudge, where: string): Exclude<WrittenJudge, string> {
  if (typeof written !== "string") return written;
  if (written === "rules") return { rules: true };
  const { people: labels, preset: name, path, url, model } = short.exec(written)?.groups ?? {};
  if (labels !== undefined) return { people: labels };
  if (name === undefined) throw notAJudge(written, where);
  return path === undefined ? { preset: name, endpoint: url!, model: model! } : { preset: name, model: path };
}

function notAJudge(written: string, where: string): FathomError {
  const [, name] = /^([a-z0-9-]+)[=@]/.exec(written) ?? [];
  return name === undefined || presetNames.includes(name)
    ? badInput(where, form, JSON.stringify(withoutCredentials(written)))
    : badInput(where, `a preset of ${presetNames.join(", ")}, or people`, JSON.stringify(name));
}

/** States every choice that the person left open. */
export function statedJudge(
  written: WrittenJudge,
  { weights, limits, deniedPremise }: JudgeDefaults,
  where: string,
): StatedJudge {
  const judge = judgeAsData(written, where);
  if ("rules" in judge)
    return {
      ...judge,
      denied_premise: judge.denied_premise ?? deniedPremise,
      weight: judge.weight ?? weights.rules,
    };
  if ("people" in judge) return { ...judge, weight: judge.weight ?? weights.people };
  if (!("endpoint" in judge)) return { ...judge, weight: judge.weight ?? weights.checkpoint };
  const said = Object.fromEntries(Object.entries(judge).filter(([, value]) => value !== undefined));
  return statedJudgeSchema.parse({ weight: weights.endpoint, ...limits, ...said });
}

const withoutCredentials = (text: string): string => text.replace(/\/\/[^/@]*@/, "//…@");

/** Gives every path in a judge a place, as a plan does with its own paths. */
export function placedJudge(
  judge: Exclude<WrittenJudge, string>,
  placed: (path: string, mayBeOfHub: boolean) => string,
): Exclude<WrittenJudge, string> {
  if ("people" in judge) return { ...judge, people: placed(judge.people, false) };
  if ("rules" in judge || "endpoint" in judge) return judge;
  return { ...judge, model: placed(judge.model, true) };
}
