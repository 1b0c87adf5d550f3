/**
 * Sends one request and reads the whole answer. It follows no redirect: a redirect may lead to another host, and the key belongs
 * to this one.
 */
import { badInput, failure } from "../core/errors.ts";
import { Transient } from "./transient.ts";

/** An answer with log-probabilities of thousands of tokens has a few megabytes. */
const longestBody = 32 * 2 ** 20;

export interface Sending {
  /** The address without credentials. */
  url: string;
  /** The value of the header `authorization`; null to send none. */
  authorization: string | null;
  /** Milliseconds until the request counts as failed. */
  timeout: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * @throws Transient if the connection fails, breaks in the middle or is too slow
 * @throws FathomError for a redirect, and for a body that is too long
 * @throws the reason of `signal`
 */
export async function send(
  { url, authorization, timeout }: Sending,
  request: object,
  signal: AbortSignal,
): Promise<Answer> {
  const slow = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.any([signal, slow]),
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "user-agent": "fathom",
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(request),
    });
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw badInput(
        url,
        "an answer",
        `a redirect to ${targetOf(headers.get("location"), url)}`,
        "--endpoint with that address, if you trust it with the key",
      );
    }
    return { status, headers, body: await textOf(response, url) };
  } catch (error) {
    signal.throwIfAborted();
    if (slow.aborted) throw new Transient(`no whole answer in ${timeout / 1000} s`, { maybeBilled: true });
    // fetch throws a TypeError if the connection fails or breaks; its cause says why. One without a cause is a bug of ours.
    if (error instanceof TypeError && error.cause instanceof Error) throw brokenBy(error.cause);
    throw error;
  }
}

/** The redirect's address without its query, which may be signed. */
function targetOf(location: string | null, url: string): string {
  if (location === null || !URL.canParse(location, url)) return "nowhere";
  const { origin, pathname } = new URL(location, url);
  return `${origin}${pathname}`;
}

async function textOf(response: Response, url: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > longestBody)
      throw failure(url, `an answer of at most ${longestBody / 2 ** 20} MiB`, "a longer one");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function brokenBy({ code, message }: NodeJS.ErrnoException): Transient {
  if (code === "UND_ERR_SOCKET")
    return new Transient("the connection ended before the answer did", { maybeBilled: true });
  return new Transient(code ?? message);
}
