/** The request of POST /v1/chat/completions. */
import { z } from "zod";
import type { Json } from "../../core/hash.ts";
import type { Turn } from "../../model/text/template.ts";
import { badField } from "../loopback/api-error.ts";
import { mostTop, parseRequest, sharedFields } from "./fields.ts";

const json = z.custom<Json>(() => true);
const contentSchema = z.union(
  [z.string(), z.null(), z.array(z.strictObject({ type: z.literal("text"), text: z.string() }))],
  { error: 'expected a text, or a list of {"type": "text", "text"}' },
);
const toolCallSchema = z.strictObject({
  id: z.string().optional(),
  type: z.literal("function"),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
});
const messageSchema = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: contentSchema.optional(),
  name: z.string().optional(),
  tool_calls: z.array(toolCallSchema).nullish(),
  tool_call_id: z.string().optional(),
  reasoning_content: z.string().nullish(),
  // Members of an answer that clients send back. They are empty in the answers of this server.
  refusal: z.null().optional(),
  audio: z.null().optional(),
  function_call: z.null().optional(),
  annotations: z.array(z.never()).nullish(),
});

const chatSchema = z.strictObject({
  ...sharedFields,
  messages: z.array(messageSchema).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(mostTop).nullish(),
  tools: z.array(z.looseObject({ type: z.literal("function") })).nullish(),
  tool_choice: z
    .enum(["auto", "none"], {
      error: 'expected "auto" or "none": this server cannot make a model call a tool',
    })
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .strictObject({ type: z.literal("text", { error: 'expected "text": this server forces no format' }) })
    .nullish(),
  // As in vLLM.
  chat_template_kwargs: z.record(z.string(), json).nullish(),
  add_generation_prompt: z.boolean().nullish(),
});

export interface ChatRequest {
  shared: z.infer<typeof chatSchema>;
  turns: readonly Turn[];
  tools: readonly Json[] | undefined;
  maxTokens: number | null;
  /** undefined: none are wanted. */
  topLogProbabilities: number | undefined;
}

/** @throws ApiError that names the field that is wrong */
export function parseChatRequest(body: unknown): ChatRequest {
  const shared = parseRequest(chatSchema, body);
  const { max_tokens: before, max_completion_tokens: now, logprobs, top_logprobs: top } = shared;
  if (before !== null && before !== undefined && now !== null && now !== undefined && before !== now)
    throw badField("max_tokens", "max_tokens: expected the same number as in max_completion_tokens");
  if (top !== null && top !== undefined && logprobs !== true)
    throw badField("top_logprobs", "top_logprobs: expected logprobs to be true");
  // The model is not told of tools that it may not call.
  const tools = shared.tool_choice === "none" ? null : shared.tools;
  return {
    shared,
    turns: shared.messages.map(turnOf),
    tools: tools === null || tools === undefined || tools.length === 0 ? undefined : (tools as Json[]),
    maxTokens: now ?? before ?? null,
    topLogProbabilities: logprobs === true ? (top ?? 0) : undefined,
  };
}

/** A message as chat templates read it: the content is one text, and the arguments of a call are an object. */
function turnOf(message: z.infer<typeof messageSchema>, place: number): Turn {
  const { role, content = null, name, tool_call_id, reasoning_content, tool_calls } = message;
  const where = `messages.${place}`;
  const calls = tool_calls?.map((call, i): Json => {
    const path = `${where}.tool_calls.${i}.function.arguments`;
    return { ...call, function: { ...call.function, arguments: argumentsOf(call.function.arguments, path) } };
  });
  if (content === null && (calls ?? []).length === 0)
    throw badField(`${where}.content`, `${where}.content: expected a text, found none`);
  return {
    // OpenAI's newer name for the same turn.
    role: role === "developer" ? "system" : role,
    content: Array.isArray(content) ? content.map(({ text }) => text).join("\n") : content,
    name,
    tool_call_id,
    reasoning_content: reasoning_content ?? undefined,
    tool_calls: calls,
  };
}

function argumentsOf(text: string, path: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw badField(path, `${path}: expected JSON as text`);
  }
}
