/** Reads the JSON of a chat completion. Servers differ in small things; the schema takes each of their forms once, here. */
import { z } from "zod";
import { badInput, type FathomError, failure } from "../core/errors.ts";
import type { ChatFinish, ChatReply, ReplyToken, Usage } from "./chat.ts";

/** A typed part of a message: text, a refusal, or a thought (Mistral). */
const partSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  thinking: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).optional(),
});
type Part = z.infer<typeof partSchema>;

const contentSchema = z.union([z.string(), z.array(partSchema)]);

const logprobSchema = z.looseObject({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  top_logprobs: z.array(z.looseObject({ token: z.string(), logprob: z.number() })).nullish(),
});

const count = z.int().nonnegative();

const replySchema = z.looseObject({
  model: z.string().nullish(),
  system_fingerprint: z.string().nullish(),
  choices: z.array(
    z.looseObject({
      finish_reason: z.string().nullish(),
      message: z.looseObject({
        content: contentSchema.nullish(),
        refusal: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        reasoning: z.string().nullish(),
      }),
      // Servers of older forms have other keys here. Then there are no tokens.
      logprobs: z.looseObject({ content: z.array(logprobSchema).nullish().catch(null) }).nullish(),
    }),
  ),
  usage: z
    .looseObject({
      prompt_tokens: count,
      completion_tokens: count.default(0),
      completion_tokens_details: z.looseObject({ reasoning_tokens: count.nullish() }).nullish(),
    })
    .nullish()
    .catch(null),
});

/** @throws FathomError for JSON that is no chat completion, or one without an answer */
export function readReply(json: unknown, url: string): ChatReply {
  const result = replySchema.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw badInput(
      url,
      "a chat completion",
      `JSON in which ${path.join(".") || "the whole"} is wrong (${message})`,
      checkAddress(url),
    );
  }
  const { model, system_fingerprint, choices, usage } = result.data;
  const choice = choices[0];
  if (choice === undefined)
    throw failure(
      url,
      "an answer",
      "a chat completion with no choices",
      "the same command later, or another model",
    );
  const { message, finish_reason, logprobs } = choice;
  const parts = partsOf(message.content ?? "");
  return {
    text: parts.text,
    reasoning: message.reasoning_content ?? message.reasoning ?? parts.reasoning,
    finish: finishOf(finish_reason ?? ""),
    refusal: textOrNull(message.refusal) ?? parts.refusal,
    tokens: logprobs?.content?.map(tokenOf) ?? null,
    usage: usage == null ? null : usageOf(usage),
    model: model ?? null,
    fingerprint: system_fingerprint ?? null,
  };
}

function usageOf({
  prompt_tokens,
  completion_tokens,
  completion_tokens_details,
}: NonNullable<z.infer<typeof replySchema>["usage"]>): Usage {
  const reasoning_tokens = completion_tokens_details?.reasoning_tokens ?? null;
  return { prompt_tokens, completion_tokens, reasoning_tokens };
}

/** @throws FathomError for text that is no JSON, such as a page in HTML @param secrets strings that must not get any further */
export function readJson(body: string, url: string, withoutSecrets: (text: string) => string): unknown {
  try {
    return JSON.parse(body, (_key, value: unknown) =>
      typeof value === "string" ? withoutSecrets(value) : value,
    );
  } catch {
    throw notJson(body, url);
  }
}

function notJson(body: string, url: string): FathomError {
  const start = body.trimStart();
  if (start === "") return failure(url, "a chat completion in JSON", "an empty body");
  if (start.startsWith("<"))
    return badInput(url, "a chat completion in JSON", "a page in HTML or XML", checkAddress(url));
  // JSON that breaks off is the work of a proxy or a server that died.
  if (start.startsWith("{"))
    return failure(
      url,
      "a chat completion in JSON",
      "JSON that is broken or cut off",
      "the same command later",
    );
  return badInput(url, "a chat completion in JSON", "something else", checkAddress(url));
}

/** The usual mistake: the path that comes before /chat/completions is missing. */
export function checkAddress(url: string): string {
  return /\/v\d+[a-z]*$/.test(url)
    ? "check the address: Fathom asks at <address>/chat/completions"
    : `check the address: Fathom asks at <address>/chat/completions, so it usually ends in /v1, as in ${new URL(url).origin}/v1`;
}

function partsOf(content: z.infer<typeof contentSchema>): Pick<ChatReply, "text" | "reasoning" | "refusal"> {
  if (typeof content === "string") return { text: content, reasoning: null, refusal: null };
  const join = (of: (part: Part) => string | undefined): string =>
    content.map((part) => of(part) ?? "").join("");
  const thought = ({ thinking }: Part): string | undefined =>
    typeof thinking === "object" ? thinking.map(({ text }) => text ?? "").join("") : thinking;
  return {
    text: join(({ type, text }) => (/^(output_)?text$/.test(type) ? text : undefined)),
    reasoning: textOrNull(join(thought)),
    refusal: textOrNull(join(({ refusal }) => refusal)),
  };
}

const textOrNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined || text === "" ? null : text;

/** The words of OpenAI, Anthropic, Google, Mistral and of programs that serve models. */
const finishes: Readonly<Record<string, ChatFinish>> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "length",
  content_filter: "content_filter",
  refusal: "content_filter",
  safety: "content_filter",
  prohibited_content: "content_filter",
};

function finishOf(reason: string): ChatFinish {
  return finishes[reason.toLowerCase()] ?? "other";
}

function tokenOf({ token, bytes, logprob, top_logprobs }: z.infer<typeof logprobSchema>): ReplyToken {
  return {
    text: token,
    bytes: bytes ?? null,
    logprob,
    top: (top_logprobs ?? []).map((one) => ({ text: one.token, logprob: one.logprob })),
  };
}
