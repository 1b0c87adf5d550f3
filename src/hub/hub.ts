/** One hub as one command sees it: where it is, who asks, whether it may be asked at all, and how patient we are with it. */
import { existsSync } from "node:fs";
import { badInput } from "../core/errors.ts";
import { readText } from "../files/disk/io.ts";
import { type Environment, hubCache, tokenPath } from "./cache-path.ts";

export interface Hub {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Sent to the endpoint's origin and to nobody else; never printed. */
  readonly token: string | null;
  /** Nothing is asked of the network. */
  readonly offline: boolean;
  /** The folder that holds models--org--name folders. */
  readonly cache: string;
  /** false: files are linked hard or copied into snapshots. */
  readonly symlinks: boolean;
  readonly patience: Patience;
  /** Whether it has answered this command at all. Until then there may be no network, and nobody waits long. */
  readonly contact: { made: boolean };
  readonly watcher: Watcher;
}

/** Times in milliseconds. */
export interface Patience {
  /** Without an answer, or another byte of it, for this long, a peer has stalled. */
  stall: number;
  /** Attempts in a row that may bring nothing. */
  attempts: number;
  /** The same two of a hub that has not answered yet. */
  firstStall: number;
  firstAttempts: number;
  /** Before the second attempt; doubles each time, up to `longestPause`. */
  firstPause: number;
  longestPause: number;
  /** The longest that a peer may ask us to wait (Retry-After). */
  longestObeyed: number;
  /** How often a download says that it is alive, and another one looks whether it is. */
  heartbeat: number;
}

/** Told what happens; everything is for people. */
export interface Watcher {
  /** @param total bytes, of all the files that are being fetched; `resumed` of `done` were there when it began */
  fetching?: (repo: string, bytes: { done: number; total: number; resumed: number }) => void;
  waiting?: (reason: string, milliseconds: number) => void;
  checking?: (file: string) => void;
  /** Something that people should know and that stops nothing. */
  note?: (line: string) => void;
}

const defaultEndpoint = "https://huggingface.co";

export const defaultPatience: Patience = {
  stall: 10_000,
  attempts: 6,
  firstStall: 5000,
  firstAttempts: 2,
  firstPause: 1000,
  longestPause: 8000,
  // The hub's rate limits are counted over five minutes.
  longestObeyed: 330_000,
  heartbeat: 2000,
};

/** @throws FathomError for a variable that cannot be what it should be; a token is never in the message */
export function hubOf(watcher: Watcher = {}, environment: Environment = process.env): Hub {
  const seconds = numberIn(environment, "HF_HUB_DOWNLOAD_TIMEOUT");
  return {
    endpoint: endpointIn(environment),
    token: tokenIn(environment)?.token ?? null,
    offline: isSet(environment, environment["HF_HUB_OFFLINE"] ? "HF_HUB_OFFLINE" : "TRANSFORMERS_OFFLINE"),
    cache: hubCache(environment).path,
    symlinks: !isSet(environment, "HF_HUB_DISABLE_SYMLINKS"),
    patience:
      seconds === null
        ? defaultPatience
        : { ...defaultPatience, stall: seconds * 1000, firstStall: seconds * 1000 },
    contact: { made: false },
    watcher,
  };
}

/** The token and the name of what holds it: HF_TOKEN, else the file that `hf auth login` writes. */
export function tokenIn(environment: Environment = process.env): { token: string; from: string } | null {
  for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
    const text = environment[name]?.trim() ?? "";
    if (text !== "") return { token: checked(text, name), from: name };
  }
  if (isSet(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) return null;
  const path = tokenPath(environment);
  const text = existsSync(path) ? readText(path).trim() : "";
  return text === "" ? null : { token: checked(text, path), from: path };
}

function checked(token: string, from: string): string {
  // What cannot stand in a header would be thrown back at us in a message that quotes it.
  if (!/^[\x21-\x7e]+$/.test(token)) throw badInput(from, "a token", "characters that no token has");
  return token;
}

function endpointIn(environment: Environment): string {
  const text = environment["HF_ENDPOINT"]?.trim() ?? "";
  if (text === "") return defaultEndpoint;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw badInput("HF_ENDPOINT", `an address such as ${defaultEndpoint}`, JSON.stringify(text));
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw badInput(
      "HF_ENDPOINT",
      "an address alone",
      "one with a password or a query",
      "HF_TOKEN for tokens",
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function numberIn(environment: Environment, name: string): number | null {
  const text = environment[name]?.trim() ?? "";
  if (text === "") return null;
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw badInput(name, "seconds above 0", JSON.stringify(text));
  return value;
}

function isSet(environment: Environment, name: string): boolean {
  return /^(1|on|yes|true)$/i.test(environment[name] ?? "");
}
