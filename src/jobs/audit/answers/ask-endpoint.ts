/**
 * Answers the prompts of an audit with a model behind an endpoint. If the endpoint gives tokens, one request at the largest cap is
 * judged at every cap. Otherwise each cap gets a request of its own. A reply is on the disk before anything is made of it.
 */
import { FathomError } from "../../../core/errors.ts";
import { conversationOf, type Message } from "../../../core/records/prompt.ts";
import { costOf, type Endpoint } from "../../../endpoint/endpoint.ts";
import { tokenEnds } from "../../../endpoint/token-ends.ts";
import type { Journal } from "../../../files/lines/journal.ts";
import type { Asker, Heard, Unit } from "./asker.ts";
import { endsWithin, isCutInThought, isForAllCaps, observationOf } from "./observation-of.ts";
import type { Reply } from "./replies.ts";

export interface EndpointAsking {
  endpoint: Endpoint;
  /** The model's name at the endpoint. */
  model: string;
  replies: Journal<Reply>;
  /** Rising. */
  caps: readonly number[];
  /** The most tokens of a reasoning model's thought. They are allowed beside the cap once a reply was cut in its thought. */
  thoughtCap: number;
  concurrency: number;
  signal: AbortSignal;
}

export function endpointAsker(asking: EndpointAsking): Asker {
  return {
    isWhole: () => true,
    async ask(pending, heard) {
      const session = new Session(asking, heard);
      await inParallel(pending, asking.concurrency, async (unit) => {
        const observation = await session.observe(unit);
        heard.answered({ observation, store: () => [] });
      });
    },
  };
}

/** The turns of a unit's conversation. */
export function messagesOf({ prompt, condition }: Pick<Unit, "prompt" | "condition">): Message[] {
  const turns = conversationOf(prompt);
  return condition.system === null ? turns : [{ role: "system", content: condition.system }, ...turns];
}

class Session {
  readonly #asking: EndpointAsking;
  readonly #heard: Heard;
  readonly #known = new Map<string, Reply>();
  /** Whether the model thinks before it answers, so that a request must leave room for the thought. */
  #thinks: boolean;

  constructor(asking: EndpointAsking, heard: Heard) {
    this.#asking = asking;
    this.#heard = heard;
    // A later reply replaces an earlier one that was cut in its thought.
    for (const reply of asking.replies.records) this.#known.set(nameOf(reply.key, reply.cap), reply);
    this.#thinks = asking.replies.records.some(isCutInThought);
  }

  async observe(unit: Unit) {
    const { caps } = this.#asking;
    const largest = caps.at(-1)!;
    const main = await this.#replyAt(unit, largest, true);
    const replies = [{ cap: largest, reply: main }];
    if (!isForAllCaps(main))
      for (const cap of caps.slice(0, -1).toReversed()) {
        const reply = endsWithin(main, cap) ? main : await this.#replyAt(unit, cap, false);
        replies.unshift({ cap, reply });
      }
    return observationOf(unit, replies);
  }

  async #replyAt(unit: Unit, cap: number, logprobs: boolean): Promise<Reply> {
    const known = this.#known.get(nameOf(unit.key, cap));
    if (known !== undefined && !this.#needsRoom(known)) return known;
    const reply = await this.#ask(unit, cap, logprobs);
    if (!this.#needsRoom(reply)) return reply;
    this.#thinks = true;
    return await this.#ask(unit, cap, logprobs);
  }

  /** Whether a reply was cut in its thought although it may have more room. */
  #needsRoom(reply: Reply): boolean {
    return reply.max_tokens < reply.cap + this.#asking.thoughtCap && isCutInThought(reply);
  }

  async #ask(unit: Unit, cap: number, logprobs: boolean): Promise<Reply> {
    const { endpoint, model, replies, thoughtCap, signal } = this.#asking;
    const { seed, template_vars } = unit.condition;
    // Only recorded answers have none.
    const temperature = unit.condition.temperature!;
    const max_tokens = cap + (this.#thinks ? thoughtCap : 0);
    const request = {
      ...{ model, messages: messagesOf(unit), max_tokens, temperature, seed, logprobs },
      ...(Object.keys(template_vars).length === 0 ? {} : { chat_template_kwargs: template_vars }),
    };
    const said = await endpoint.chat(request, signal).catch((error: unknown) => {
      throw named(error, endpoint.url, unit.prompt.id);
    });
    const { usage } = said;
    const reply: Reply = {
      key: unit.key,
      prompt_id: unit.prompt.id,
      cap,
      max_tokens,
      text: said.text,
      reasoning: said.reasoning,
      refusal: said.refusal,
      finish: said.finish,
      token_ends: said.tokens === null ? null : tokenEnds(said.text, said.tokens, said.reasoning !== null),
      usage,
      cost: costOf(said, request),
      model: said.model,
      fingerprint: said.fingerprint,
      at: new Date().toISOString(),
    };
    replies.append(reply);
    this.#known.set(nameOf(unit.key, cap), reply);
    this.#heard.generated(usage?.completion_tokens ?? 0);
    return reply;
  }
}

const nameOf = (key: string, cap: number): string => `${key} ${cap}`;

/** An error about one request names its prompt; one about the budget does not need it. */
function named(error: unknown, url: string, prompt: string): unknown {
  if (!(error instanceof FathomError) || error.problem.where !== url) return error;
  return new FathomError({ ...error.problem, where: `${url}, prompt ${prompt}` }, error.exit, {
    cause: error,
  });
}

/**
 * Works on so many items at the same time. After the first failure no item is begun, but those under way are finished, because
 * their replies are paid for.
 * @throws the first failure
 */
async function inParallel<T>(
  items: readonly T[],
  together: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const item = items[next++]!;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(together, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
