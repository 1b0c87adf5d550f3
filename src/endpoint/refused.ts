/**
 * Turns an error of a server into what a caller can work with: an error that says what a person can do, a failure that may pass,
 * or a provider's refusal of the content, which is an outcome and no error.
 */
import { badInput, type FathomError, failure } from "../core/errors.ts";
import { retryAfter } from "../core/retry-after.ts";
import type { ChatReply } from "./chat.ts";
import { checkAddress } from "./read-reply.ts";
import { Transient } from "./transient.ts";

/** What a server says in its error, in one of the usual forms. */
export interface ServerError {
  status: number;
  message: string;
  /** `code`, `type` and `param` of the error and of the error inside it, in lower case. */
  words: ReadonlySet<string>;
}

export interface Asked {
  /** The address without credentials. */
  url: string;
  model: string;
  hasKey: boolean;
}

/** The error of an answer; null for an answer without one. @param json null if the body is no JSON @param status of HTTP */
export function errorIn(json: unknown, status: number): ServerError | null {
  const outer = asObject(json);
  const isRefused = status < 200 || status >= 300;
  const error = outer["error"] ?? (isRefused ? (json ?? {}) : null);
  if (error === null) return null;
  if (typeof error === "string") return { status, message: error, words: new Set() };
  const inner = asObject(error);
  const deeper = asObject(inner["innererror"] ?? inner["metadata"]);
  const message = inner["message"] ?? inner["detail"];
  const words = [inner, deeper].flatMap((one) => [one["code"], one["type"], one["param"]]);
  // OpenRouter's moderation has no code of its own.
  if (deeper["flagged_input"] !== undefined) words.push("content_policy");
  // Gateways answer with 200 and put the status into the error.
  const stated = Number(inner["code"]);
  return {
    status: isRefused ? status : stated >= 400 && stated < 600 ? stated : 500,
    message: typeof message === "string" ? message : "",
    words: new Set(words.filter((word) => typeof word === "string").map((word) => word.toLowerCase())),
  };
}

/** Codes with which providers say that they block the content. */
const policyCodes: ReadonlySet<string> = new Set([
  "content_filter",
  "content_policy",
  "content_policy_violation",
  "moderation_blocked",
  "responsibleaipolicyviolation",
  "data_inspection_failed",
]);

/** The reply for an error about the provider's content policy; null for any other error. */
export function blockedReply({ words, message }: ServerError): ChatReply | null {
  const says = [...words].some((word) => policyCodes.has(word));
  // OpenAI has one code for every invalid prompt. Its sentence says whether a policy is the reason.
  const flagged = words.has("invalid_prompt") && /usage polic/i.test(message);
  if (!says && !flagged) return null;
  return {
    text: "",
    reasoning: null,
    finish: "content_filter",
    refusal: message === "" ? null : message,
    tokens: null,
    usage: null,
    model: null,
    fingerprint: null,
  };
}

/** Statuses after which the same request may succeed, besides those from 500 on. */
const passing: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Statuses from 500 on that stay: not implemented, and a version of HTTP that the server does not speak. */
const lasting: ReadonlySet<number> = new Set([501, 505]);

/** @returns the error to throw for an answer with this error */
export function refusalOf(
  { url, model, hasKey }: Asked,
  { status, message, words }: ServerError,
  headers: Headers,
): FathomError | Transient {
  const said = message === "" ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (words.has("insufficient_quota") || status === 402)
    return failure(
      url,
      "an account that may ask",
      said,
      "credit at the provider; the run goes on with --resume",
    );
  if (passing.has(status) || (status >= 500 && !lasting.has(status)))
    return new Transient(said, { asked: retryAfter(headers.get("retry-after"), Date.now()) });
  if (status === 401 || status === 403)
    return badInput(
      url,
      "permission to ask the model",
      said,
      hasKey
        ? "another key in FATHOM_ENDPOINT_KEY, or a model that this key may use"
        : "the endpoint's key in FATHOM_ENDPOINT_KEY",
    );
  if (status === 404 || status === 405)
    return /model/i.test(message) || words.has("model_not_found")
      ? badInput(url, `the model ${model}`, said, `one of the names that ${url}/models lists`)
      : badInput(url, "a chat endpoint", said, checkAddress(url));
  return badInput(url, wanted, said);
}

/** What `refusalOf` expected where no other error fits. */
const wanted = "an answer";

/** Whether the server refused one request for what is in it, such as its length, and might take another. */
export function isAboutTheRequest({ problem }: FathomError): boolean {
  return problem.expected === wanted && /^HTTP (400|413|422)\b/.test(problem.found);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
