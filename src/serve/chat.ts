/** POST /v1/chat/completions. */
import { badField } from "./loopback/api-error.ts";
import { type ChatRequest, parseChatRequest } from "./protocol/chat-request.ts";
import { chatCompletion } from "./protocol/replies.ts";
import type { TokenLogProbability } from "./rows/token-shown.ts";
import { run } from "./run.ts";
import { headOf, type Served } from "./served.ts";

/** @throws ApiError for a request that cannot be followed, FathomError when the template refuses it */
export async function answerChat(served: Served, body: unknown, gone: AbortSignal): Promise<object> {
  const request = parseChatRequest(body);
  const { shared, maxTokens, topLogProbabilities } = request;
  const head = headOf(served, shared.model, "chatcmpl");
  const ids = promptOf(served, request);
  let text = "";
  const tokens: TokenLogProbability[] = [];
  const outcome = await run(
    served,
    { ...shared, ids, maxTokens, topLogProbabilities },
    "messages",
    gone,
    (piece) => {
      text += piece.text;
      tokens.push(...piece.tokens);
    },
  );
  return chatCompletion(head, {
    ...outcome,
    text,
    tokens: topLogProbabilities === undefined ? null : tokens,
  });
}

function promptOf({ text }: Served, { turns, tools, shared }: ChatRequest): number[] {
  if (text.template === null)
    throw badField("messages", "messages: this model has no chat template; ask it through /v1/completions");
  return text.template.encode(turns, {
    addGenerationPrompt: shared.add_generation_prompt ?? true,
    ...(tools === undefined ? {} : { tools }),
    variables: shared.chat_template_kwargs ?? {},
  });
}
