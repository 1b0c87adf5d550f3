/**
 * Makes one request. This module follows redirects itself, not `fetch`, for two reasons: the token may go only to the
 * hub's own origin, and a redirect to a storage host holds the facts about the file in its own headers.
 */
import type { Hub } from "./hub.ts";
import { Transient } from "./persist.ts";

const mostRedirects = 8;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface RequestOptions {
  method: "GET" | "HEAD";
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** False: the first redirect to another origin is returned as the answer. */
  leaveHub: boolean;
}

/**
 * @returns the last answer, with any status
 * @throws Transient if there is no answer
 */
export async function request(hub: Hub, url: string, options: RequestOptions): Promise<Response> {
  const home = new URL(hub.endpoint).origin;
  let target = new URL(url);
  for (let hop = 0; hop < mostRedirects; hop++) {
    const response = await once(hub, target, home, options);
    const location = response.headers.get("location");
    if (!redirects.has(response.status) || location === null) return response;
    const next = URL.canParse(location, target.href) ? new URL(location, target) : null;
    if (next === null || !/^https?:$/.test(next.protocol))
      throw new Transient(`${target.host} redirects to something that is not an http address`);
    if (!options.leaveHub && next.origin !== home) return response;
    // The body is cancelled, because an unread body keeps its connection open.
    await response.body?.cancel();
    target = next;
  }
  throw new Transient(`${target.host} redirects in a circle`);
}

async function once(hub: Hub, target: URL, home: string, options: RequestOptions): Promise<Response> {
  const { method, headers, signal } = options;
  try {
    const response = await fetch(target, {
      method,
      signal,
      redirect: "manual",
      headers: {
        // No compression, so that sizes and ranges are those of the file itself.
        "accept-encoding": "identity",
        "user-agent": "fathom",
        ...headers,
        ...(hub.token !== null && target.origin === home ? { authorization: `Bearer ${hub.token}` } : {}),
      },
    });
    hub.contact.made = true;
    return response;
  } catch (error) {
    throw transientOf(error, target.host);
  }
}

/**
 * A broken connection as a Transient with a short reason. The reason never holds the address: a storage host's is
 * signed.
 */
export function transientOf(error: unknown, host: string): Transient {
  if (error instanceof Transient) return error;
  const reason = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = reason as { code?: unknown; message?: unknown };
  return new Transient(`${host}: ${typeof code === "string" ? code : String(message)}`);
}

/** A signal that aborts with a Transient if `feed` was not called for as long as the hub may stall. */
export function watchdog({ patience, contact }: Hub): {
  signal: AbortSignal;
  feed: () => void;
  end: () => void;
} {
  const milliseconds = contact.made ? patience.stall : Math.min(patience.stall, patience.firstStall);
  const controller = new AbortController();
  const bark = () => {
    controller.abort(new Transient(`nothing for ${milliseconds / 1000} s`));
  };
  let timer = setTimeout(bark, milliseconds);
  return {
    signal: controller.signal,
    feed() {
      clearTimeout(timer);
      timer = setTimeout(bark, milliseconds);
    },
    end() {
      clearTimeout(timer);
    },
  };
}
