/** The fields that chat completions and completions share, and how a request is parsed. */
import { z } from "zod";
import { ApiError, badField } from "../loopback/api-error.ts";

/** The most log probabilities per token in OpenAI's interface. */
export const mostTop = 20;

/** A field of which this server knows only the value that changes nothing. Any other value is refused, never ignored. */
export const only = (value: number | boolean, what: string) =>
  z.custom<typeof value>((given) => given === value, { error: `expected ${value}: ${what}` }).nullish();

const empty = (what: string) =>
  z
    .custom<object>(
      (given) => typeof given === "object" && given !== null && Object.keys(given).length === 0,
      { error: `expected nothing: ${what}` },
    )
    .nullish();

const label = z.unknown().optional();

export const sharedFields = {
  model: z.string(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  seed: z.int().nullish(),
  stop: z
    .union([z.string().min(1), z.array(z.string().min(1)).max(16)], {
      error: "expected a text, or a list of at most 16 texts, none of them empty",
    })
    .nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: only(1, "this server gives one answer per request"),
  best_of: only(1, "this server gives one answer per request"),
  top_p: only(1, "this server draws from all tokens"),
  min_p: only(0, "this server draws from all tokens"),
  top_k: z
    .custom<number>((given) => given === 0 || given === -1, {
      error: "expected -1 or 0: this server draws from all tokens",
    })
    .nullish(),
  presence_penalty: only(0, "this server has no penalties"),
  frequency_penalty: only(0, "this server has no penalties"),
  repetition_penalty: only(1, "this server has no penalties"),
  logit_bias: empty("this server changes no logits"),
  // These name or bill a request, and change nothing in its answer.
  user: label,
  metadata: label,
  store: label,
  service_tier: label,
  safety_identifier: label,
  prompt_cache_key: label,
} as const;

/** @throws ApiError that names the first field that does not fit */
export function parseRequest<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const field = [...issue.path, issue.keys[0]!].join(".");
    throw badField(
      field,
      `${field}: this server does not know the field, and does not ignore it, because it could change the answer`,
      "unsupported_parameter",
    );
  }
  if (path === "") throw new ApiError(400, `the body: ${issue.message}`);
  throw badField(path, `${path}: ${issue.message.replace(/^Invalid input: /, "")}`);
}

export function stopsOf(stop: string | readonly string[] | null | undefined): readonly string[] {
  if (stop === null || stop === undefined) return [];
  return typeof stop === "string" ? [stop] : stop;
}
