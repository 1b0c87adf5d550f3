/**
 * One request. Redirects are followed here and not by `fetch`, because the token goes to the hub's own origin and to no
 * other, and because a redirect to a storage host carries the facts about the file on itself.
 */
import type { Hub } from "./hub.ts";
import { Transient } from "./persist.ts";

const mostRedirects = 8;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface RequestOptions {
  method: "GET" | "HEAD";
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** false: the first redirect to another origin is the answer. */
  leaveHub: boolean;
}

/**
 * @returns the last answer, whatever its status
 * @throws Transient when there is none
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
      throw new Transient(`${target.host} redirects to an address that is none`);
    if (!options.leaveHub && next.origin !== home) return response;
    // An answer that nobody reads holds its connection.
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
        // Sizes and ranges are of the file itself.
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

/** A broken connection, in a word. Never the address: that of a storage host is signed. */
export function transientOf(error: unknown, host: string): Transient {
  if (error instanceof Transient) return error;
  const reason = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = reason as { code?: unknown; message?: unknown };
  return new Transient(`${host}: ${typeof code === "string" ? code : String(message)}`);
}

/** Aborts with a Transient when it has not been fed for as long as the hub's patience lasts. */
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
