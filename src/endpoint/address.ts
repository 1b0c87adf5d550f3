/**
 * Where an endpoint is, and how a caller proves who they are. Credentials are taken out of the address here, so that the address
 * in messages, manifests and journals never holds one.
 */
import { badInput } from "../core/errors.ts";

export interface Address {
  /** The base address without credentials and without a slash at its end, e.g. https://api.example.org/v1. */
  url: string;
  /** The value of the header `authorization` that credentials in the address give; null if it has none. */
  authorization: string | null;
}

/** The option's name in messages. */
const option = "--endpoint";

/**
 * @param insecure whether plain http is allowed to other machines than this one
 * @throws FathomError for an address that cannot be used; the message never has the credentials
 */
export function addressOf(text: string, insecure: boolean): Address {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw badInput(
      option,
      "an address such as https://api.example.org/v1",
      "something else",
      "http:// or https://, host and path",
    );
  if (url.search !== "" || url.hash !== "")
    throw badInput(
      option,
      "an address alone",
      "one with a query or a fragment",
      `the address up to ${url.origin}${url.pathname}; keys go into FATHOM_ENDPOINT_KEY`,
    );
  if (url.protocol === "http:" && !insecure && !isLoopback(url.hostname))
    throw badInput(
      option,
      "https for another machine, because plain http shows the key and the prompts to the network",
      `http://${url.host}`,
      "https, or --insecure-http for a network that you trust",
    );
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/chat\/completions$/, "");
  return { url: base, authorization: basicOf(url) };
}

function basicOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);
}

/**
 * The key for an endpoint. FATHOM_ENDPOINT_KEY goes to whatever endpoint the user names. OPENAI_API_KEY goes only to OpenAI
 * itself: people have it in their environment for other programs, and no other server may see it.
 * @param url the address without credentials
 * @param names variables that are asked first, in this order
 * @throws FathomError for a key with characters that a header cannot hold; the message never has the key
 */
export function keyFor(
  url: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  names: readonly string[] = ["FATHOM_ENDPOINT_KEY"],
): string | null {
  const own = new URL(url).origin === "https://api.openai.com" ? ["OPENAI_API_KEY"] : [];
  for (const name of [...names, ...own]) {
    const key = environment[name]?.trim() ?? "";
    if (key === "") continue;
    if (!/^[\x21-\x7e]+$/.test(key)) throw badInput(name, "a key", "characters that no key has");
    return key;
  }
  return null;
}
