/** Turns the hub's refusals into errors that say what a person can do. The codes are those that huggingface_hub uses. */
import { badInput, type FathomError, failure } from "../core/errors.ts";
import { retryAfter } from "../core/retry-after.ts";
import type { Hub } from "./hub.ts";
import { Transient } from "./persist.ts";
import type { HubReference } from "./reference.ts";

/** Statuses after which the same request may succeed. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * @param file the requested file in the repository; null for the repository itself
 * @returns the error to throw for an answer that is a refusal
 */
export function refusal(
  hub: Hub,
  { repo, revision }: HubReference,
  file: string | null,
  { status, headers, url }: Response,
): FathomError | Transient {
  if (passing.has(status))
    return new Transient(status === 429 ? "rate limit (HTTP 429)" : `HTTP ${status}`, askedPause(headers));
  const code = headers.get("x-error-code");
  const message = headers.get("x-error-message") ?? "";
  const page = `${hub.endpoint}/${repo}`;
  if (code === "GatedRepo")
    return badInput(
      repo,
      "access to a gated repository",
      hub.token === null ? "no token" : "a token whose account has no access",
      hub.token === null
        ? `accept its conditions at ${page}, then set HF_TOKEN to a token of that account (or hf auth login)`
        : `accept its conditions at ${page} with the account of the token, which must allow reading gated repositories`,
    );
  if (/invalid (credentials|user token|username or password)/i.test(message))
    return badInput(
      "HF_TOKEN or the token of hf auth login",
      "a token that the hub knows",
      "one that it refuses",
      "a new one, or none: public models need no token",
    );
  if (code === "RevisionNotFound")
    return badInput(repo, "a branch, tag or commit of it", `"${revision}"`, `one listed at ${page}/commits`);
  if (code === "EntryNotFound")
    return badInput(repo, `the file ${file ?? ""}`, "none of this name", `one of ${page}/tree/${revision}`);
  if (/access to this resource is disabled/i.test(message))
    return badInput(repo, "a repository that can be read", "one that the hub has disabled");
  if (code === "RepoNotFound" || status === 401 || status === 404)
    return badInput(
      repo,
      `something at this path, or a repository of ${hub.endpoint}`,
      `neither, or a private repository that ${hub.token === null ? "needs a token" : "this token may not read"}`,
      "check the name; for a private one set HF_TOKEN to a token that may read it",
    );
  if (status === 403)
    return badInput(
      repo,
      "permission to read it",
      "HTTP 403",
      "a token in HF_TOKEN that may read repositories",
    );
  return failure(repo, `an answer of ${new URL(url).host}`, `HTTP ${status}`);
}

/**
 * The wait that an answer asks for, in milliseconds; null if it asks for none. From Retry-After (seconds or a date)
 * or the hub's `RateLimit: "api";r=0;t=55`.
 */
function askedPause(headers: Headers): number | null {
  const limit = /(?:^|;)\s*r=0\b.*?;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return retryAfter(headers.get("retry-after") ?? limit, Date.now());
}
