/**
 * A client for any endpoint that speaks OpenAI's chat completions: hosted APIs, vLLM, llama.cpp, Ollama, `fathom serve`.
 * Streaming is off. The key goes to the endpoint's own host and nowhere else: no message, reply or record holds it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { attempt, FathomError, failure } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { addressOf } from "./address.ts";
import type { ChatReply, ChatRequest } from "./chat.ts";
import { Gate, type Limits, type Spent } from "./gate.ts";
import { readJson, readReply } from "./read-reply.ts";
import { blockedReply, errorIn, refusalOf, type ServerError } from "./refused.ts";
import { type Answer, send } from "./send.ts";
import { Transient } from "./transient.ts";

/** How long and how often a request is tried. Times are in milliseconds. */
export interface Patience {
  /** A request that has no whole answer after this long has failed. */
  timeout: number;
  /** How many attempts one request has. */
  attempts: number;
  /** The longest pause before the second attempt. It doubles with each attempt, up to `longestPause`. */
  firstPause: number;
  longestPause: number;
  /** The most that all pauses of one request may take together, also those that the server asks for (Retry-After). */
  mostWaiting: number;
}

export const defaultPatience: Patience = {
  // Node's fetch waits no longer than this for the start of an answer.
  timeout: 300_000,
  attempts: 8,
  firstPause: 1000,
  longestPause: 30_000,
  // Providers count their limits in minutes. A person who waits longer wants to decide.
  mostWaiting: 900_000,
};

export interface EndpointSettings extends Limits {
  /** The base address, e.g. https://api.example.org/v1. */
  url: string;
  /** Whether plain http is allowed to other machines than this one. */
  insecure: boolean;
  /** null: no key, or credentials in the address. */
  key: string | null;
  patience: Patience;
  /** What earlier starts of the same job have spent of the budget. */
  spent: Spent;
  /** Draws the pauses between attempts, so that many clients do not come back at the same moment. */
  jitter: Random;
  /** Called before each pause. */
  onWait: (reason: string, milliseconds: number) => void;
}

export interface Endpoint {
  /** The address without credentials. */
  readonly url: string;
  /** What was spent, with earlier starts of the same job. */
  readonly spent: Spent;
  /**
   * Asks once, and tries again after failures that may pass. A provider's refusal of the content is a reply with finish
   * "content_filter". If the server does not know `logprobs`, the reply has no tokens.
   * @throws FathomError with one line if there is no answer: refused, broken, too many failures, budget spent
   * @throws the reason of `signal`
   */
  chat(request: ChatRequest, signal: AbortSignal): Promise<ChatReply>;
}

/** Asks nothing yet. @throws FathomError for an address that cannot be used */
export function openEndpoint(settings: EndpointSettings): Endpoint {
  return new OpenEndpoint(settings);
}

/** A key of fewer characters is a placeholder, such as "ollama". It is no secret, and answers may contain the word. */
const shortestSecret = 12;

class OpenEndpoint implements Endpoint {
  readonly url: string;
  readonly #authorization: string | null;
  readonly #secrets: readonly string[];
  readonly #settings: EndpointSettings;
  readonly #gate: Gate;
  /** Parameters that this server does not know. */
  readonly #unknown = new Set<"logprobs" | "seed" | "max_tokens">();

  constructor(settings: EndpointSettings) {
    const { url, authorization } = addressOf(settings.url, settings.insecure);
    this.url = url;
    this.#settings = settings;
    this.#authorization = settings.key === null ? authorization : `Bearer ${settings.key}`;
    this.#secrets = [settings.key, authorization?.replace("Basic ", "")].filter(
      (secret) => typeof secret === "string" && secret.length >= shortestSecret,
    ) as string[];
    this.#gate = new Gate(settings, settings.spent);
  }

  get spent(): Spent {
    return this.#gate.spent;
  }

  async chat(request: ChatRequest, signal: AbortSignal): Promise<ChatReply> {
    let waited = 0;
    for (let failures = 0; ; ) {
      try {
        const reply = await this.#attempt(request, signal);
        if (reply !== null) return reply;
      } catch (error) {
        if (!(error instanceof Transient)) throw error;
        const wait = this.#waitAfter(error, ++failures);
        this.#requirePatience(error, failures, waited + wait);
        waited += wait;
        // A server that is overloaded asks all of us to wait.
        if (error.asked !== null) this.#gate.close(wait);
        this.#settings.onWait(error.message, wait);
        await pause(wait, undefined, { signal }).catch(() => {
          signal.throwIfAborted();
        });
      }
    }
  }

  /** @returns null if the server does not know a parameter that can be left out, so that the caller asks again */
  async #attempt(request: ChatRequest, signal: AbortSignal): Promise<ChatReply | null> {
    const most = mostTokens(request);
    const leave = await this.#gate.enter(most, signal);
    // What the provider bills is not known unless an answer says it. Then the request counts with the most that it can cost.
    let cost = most;
    try {
      const reply = this.#read(await this.#send(request, signal), request);
      cost = reply === null ? 0 : costOf(reply, request);
      return reply;
    } catch (error) {
      if (error instanceof Transient && !error.maybeBilled) cost = 0;
      throw error;
    } finally {
      leave(cost);
    }
  }

  async #send({ max_tokens, ...request }: ChatRequest, signal: AbortSignal): Promise<Answer> {
    const { logprobs, top_logprobs, seed, ...rest } = request;
    const body = {
      ...rest,
      stream: false,
      [this.#unknown.has("max_tokens") ? "max_completion_tokens" : "max_tokens"]: max_tokens,
      ...(this.#unknown.has("seed") ? {} : { seed }),
      ...(this.#unknown.has("logprobs") ? {} : { logprobs, top_logprobs }),
    };
    const { timeout } = this.#settings.patience;
    return await send({ url: this.url, authorization: this.#authorization, timeout }, body, signal);
  }

  #read({ status, headers, body }: Answer, request: ChatRequest): ChatReply | null {
    const isFine = status >= 200 && status < 300;
    const secret = (text: string): string => this.#withoutSecrets(text);
    const json = isFine ? readJson(body, this.url, secret) : jsonOrNull(body, this.url, secret);
    const error = errorIn(json, status);
    if (error === null) return readReply(json, this.url);
    const blocked = blockedReply(error);
    if (blocked !== null) return blocked;
    if (this.#learns(error, request)) return null;
    const asked = { url: this.url, model: request.model, hasKey: this.#authorization !== null };
    throw refusalOf(asked, error, headers);
  }

  /**
   * Whether the server refuses a parameter that can be left out or has another name. OpenAI's newer models know only
   * `max_completion_tokens`. A seed changes nothing at temperature 0.
   */
  #learns({ status, message, words }: ServerError, request: ChatRequest): boolean {
    if (status !== 400 && status !== 422) return false;
    const names = (name: string): boolean => words.has(name) || new RegExp(`\\b${name}\\b`).test(message);
    const found =
      request.logprobs === true && (names("logprobs") || names("top_logprobs"))
        ? "logprobs"
        : names("max_completion_tokens")
          ? "max_tokens"
          : request.seed !== undefined && request.temperature === 0 && names("seed")
            ? "seed"
            : null;
    if (found === null || this.#unknown.has(found)) return false;
    this.#unknown.add(found);
    return true;
  }

  #withoutSecrets(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, "…"), text);
  }

  #waitAfter({ asked }: Transient, failures: number): number {
    const { firstPause, longestPause } = this.#settings.patience;
    const own = Math.min(longestPause, firstPause * 2 ** (failures - 1));
    const drawn = own * (0.5 + this.#settings.jitter.uniform() / 2);
    // Never before the time that the server asks for, and not all clients in the same moment.
    return asked === null ? drawn : Math.max(asked + firstPause * this.#settings.jitter.uniform(), drawn);
  }

  #requirePatience({ message, asked }: Transient, failures: number, waiting: number): void {
    const { attempts, mostWaiting } = this.#settings.patience;
    const later = "the same command later; what was answered is kept, and --resume goes on";
    if (failures >= attempts) throw failure(this.url, `an answer in ${attempts} attempts`, message, later);
    if (waiting > mostWaiting) {
      const wish = asked === null ? "" : `, asked to wait ${Math.round(asked / 1000)} s`;
      throw failure(
        this.url,
        `to go on within ${Math.round(mostWaiting / 1000)} s`,
        `${message}${wish}`,
        later,
      );
    }
  }
}

function jsonOrNull(body: string, url: string, withoutSecrets: (text: string) => string): unknown {
  const json = attempt(() => readJson(body, url, withoutSecrets));
  return json instanceof FathomError ? null : json;
}

/** What a reply counts in the budget: the tokens that the server counted, or the most that they can be. */
export function costOf({ usage, finish }: ChatReply, request: ChatRequest): number {
  if (usage !== null) return usage.prompt_tokens + usage.completion_tokens;
  return finish === "content_filter" ? 0 : mostTokens(request);
}

/** Tokens that a chat template adds: around the conversation, and around each message. */
const templateTokens = 64;
const messageTokens = 8;

/** The most tokens that a request can cost: no tokenizer makes more tokens than a text has bytes in UTF-8. */
export function mostTokens({ messages, max_tokens }: Pick<ChatRequest, "messages" | "max_tokens">): number {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + messageTokens, 0);
  return templateTokens + bytes + max_tokens;
}
