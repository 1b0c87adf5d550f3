/**
 * The settings with which one command uses a hub: its address, the token, offline mode, the cache, and the limits of
 * patience.
 */
import { existsSync } from "node:fs";
import { badInput } from "../core/errors.ts";
import { readText } from "../files/disk/io.ts";
import { type Environment, hubCache, tokenPath } from "./cache-path.ts";

export interface Hub {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Sent only to the endpoint's origin; never printed. */
  readonly token: string | null;
  /** True: nothing is requested from the network. */
  readonly offline: boolean;
  /** The folder that holds the models--org--name folders. */
  readonly cache: string;
  /** False: snapshots get hard links or copies. */
  readonly symlinks: boolean;
  readonly patience: Patience;
  /** Whether the hub has answered this command at least once. Until then there may be no network, so waits are short. */
  readonly contact: { made: boolean };
  readonly watcher: Watcher;
}

/** Times in milliseconds. */
export interface Patience {
  /** A peer has stalled if it sends no answer and no further byte for this long. */
  stall: number;
  /** How many attempts in a row may fail without progress. */
  attempts: number;
  /** `stall` for a hub that has not answered yet. */
  firstStall: number;
  /** `attempts` for a hub that has not answered yet. */
  firstAttempts: number;
  /** The pause before the second attempt. It doubles each time, up to `longestPause`. */
  firstPause: number;
  longestPause: number;
  /** The longest wait that is accepted if a peer asks for one (Retry-After). */
  longestObeyed: number;
  /** How often a download touches its lock, and how often others check that lock. */
  heartbeat: number;
}

/** Is called with what happens. All of it is for people to read. */
export interface Watcher {
  /**
   * @param bytes `total`: of all files to fetch; `done`: there now; `resumed`: already there at the start, part of
   *   `done`
   */
  fetching?: (repo: string, bytes: { done: number; total: number; resumed: number }) => void;
  waiting?: (reason: string, milliseconds: number) => void;
  checking?: (file: string) => void;
  /** Called with something that people should know but that does not stop the command. */
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
  // The hub counts its rate limits over five minutes.
  longestObeyed: 330_000,
  heartbeat: 2000,
};

/** @throws FathomError for an invalid variable; a message never contains a token */
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

/** The token, and the name of the variable or file that holds it: HF_TOKEN, else the file that `hf auth login` writes. */
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
  // A header cannot hold other characters, and Node's error message would quote the token.
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
