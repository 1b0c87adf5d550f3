/** Turns a request's body into what is run and how its answer is written, for each endpoint. */
import type { ChatTemplate } from "../model/text/template.ts";
import { badField } from "./loopback/api-error.ts";
import { type ChatRequest, parseChatRequest } from "./protocol/chat-request.ts";
import { chatShape } from "./protocol/chat-shape.ts";
import { parseCompletionRequest } from "./protocol/completion-request.ts";
import { completionShape } from "./protocol/completion-shape.ts";
import type { Shape } from "./protocol/replies.ts";
import type { Question } from "./run.ts";
import { headOf, type Served } from "./served.ts";

export interface Asked {
  question: Question;
  shape: Shape;
  stream: boolean;
  /** Whether a stream ends with the usage. */
  withUsage: boolean;
}

/** @throws ApiError for a request that cannot be followed, FathomError when the template refuses it */
export function askedInChat(served: Served, body: unknown): Asked {
  const request = parseChatRequest(body);
  const { shared, maxTokens, topLogProbabilities } = request;
  const head = headOf(served, shared.model, "chatcmpl");
  const { template } = served.text;
  if (template === null)
    throw badField("messages", "messages: this model has no chat template; ask it through /v1/completions");
  const ids = promptOf(served, template, request);
  const question = { ...shared, field: "messages", ids, thinks: true, maxTokens, topLogProbabilities };
  return { question, ...written(chatShape, head, shared, topLogProbabilities) };
}

/** @throws ApiError for tools or variables that the template would leave out */
function promptOf({ day }: Served, template: ChatTemplate, { shared, turns, tools }: ChatRequest): number[] {
  const variables = shared.chat_template_kwargs ?? {};
  const unread = Object.keys(variables).find((name) => !template.switches.includes(name));
  if (unread !== undefined) {
    const field = `chat_template_kwargs.${unread}`;
    const read = template.switches.join(", ") || "it reads none";
    throw badField(field, `${field}: expected a variable that the model's chat template reads (${read})`);
  }
  const options = { addGenerationPrompt: shared.add_generation_prompt ?? true, variables, day };
  if (tools === undefined) return template.encode(turns, options);
  const written = template.render(turns, { ...options, tools });
  if (written === template.render(turns, options))
    throw badField("tools", "tools: the model's chat template writes no tools");
  return template.encode(turns, { ...options, tools });
}

/** Plain text is read as it is. A thought is not told apart from it. @throws as `askedInChat` */
export function askedInCompletion(served: Served, body: unknown): Asked {
  const { shared, prompt } = parseCompletionRequest(body);
  const head = headOf(served, shared.model, "cmpl");
  const ids = typeof prompt === "string" ? served.tokenizer.encode(prompt, { addSpecial: true }) : prompt;
  const topLogProbabilities = shared.logprobs ?? undefined;
  const maxTokens = shared.max_tokens ?? null;
  const question = { ...shared, field: "prompt", ids, thinks: false, maxTokens, topLogProbabilities };
  return { question, ...written(completionShape, head, shared, topLogProbabilities) };
}

interface Streaming {
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | null | undefined } | null | undefined;
}

function written(
  shapeOf: typeof chatShape,
  head: ReturnType<typeof headOf>,
  { stream, stream_options: options }: Streaming,
  topLogProbabilities: number | undefined,
): Omit<Asked, "question"> {
  if (options !== null && options !== undefined && stream !== true)
    throw badField("stream_options", "stream_options: expected stream to be true");
  const withUsage = options?.include_usage === true;
  const shape = shapeOf({ head, tokens: topLogProbabilities !== undefined, withUsage });
  return { shape, stream: stream === true, withUsage };
}
