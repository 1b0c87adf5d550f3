/** The request of POST /v1/completions. */
import { z } from "zod";
import { mostTop, only, parseRequest, sharedFields } from "./fields.ts";

const text = z.string().min(1);
const ids = z.array(z.int().min(0)).min(1);
const completionSchema = z.strictObject({
  ...sharedFields,
  // A list with one prompt is what several clients send.
  prompt: z.union([text, ids, z.tuple([text]), z.tuple([ids])], {
    error: "expected one prompt: a text, or a list of token ids",
  }),
  logprobs: z.int().min(0).max(mostTop).nullish(),
  echo: only(false, "this server gives new tokens only"),
  suffix: z.null({ error: "expected none: this server adds text at the end only" }).optional(),
});

export interface CompletionRequest {
  shared: z.infer<typeof completionSchema>;
  prompt: string | readonly number[];
}

/** @throws ApiError that names the field that is wrong */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  const shared = parseRequest(completionSchema, body);
  const { prompt: given } = shared;
  if (typeof given === "string") return { shared, prompt: given };
  const [first] = given;
  return { shared, prompt: typeof first === "number" ? (given as number[]) : first };
}
