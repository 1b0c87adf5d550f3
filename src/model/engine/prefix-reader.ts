/** Reads the prefixes of requests, each once for all requests whose masks on it are equal, and several of them together. */
import { KvCache } from "./cache/kv-cache.ts";
import type { SharedPrefix } from "./cache/prefixes.ts";
import { batchEdits } from "./edits/batch-edits.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import { maskKey } from "./edits/mask-key.ts";
import type { Engine } from "./engine.ts";
import type { GenerateRequest, OnTokens } from "./generation.ts";
import { prefillTokens, readPrompts } from "./read-prompts.ts";

/** A request that has no row yet. */
export interface Waiting {
  request: GenerateRequest;
  index: number;
  prefix: SharedPrefix | null;
  /** Equal for requests whose masks are equal on the tokens of their prefix. */
  masks: string;
}

/** Where a row begins: after a prefix that was read. */
export interface PrefixSlot {
  cache: KvCache;
  slot: number;
  /** By edit: how far it moved the prefix. */
  moved: readonly number[];
}

export class PrefixReader {
  readonly #engine: Engine;
  readonly #edits: readonly LaidOutEdit[];
  readonly #onTokens: OnTokens | undefined;
  #prefix: SharedPrefix | null = null;
  /** Of this prefix, by masks. */
  #slots = new Map<string, PrefixSlot>();

  constructor(engine: Engine, edits: readonly LaidOutEdit[], onTokens: OnTokens | undefined) {
    this.#engine = engine;
    this.#edits = edits;
    this.#onTokens = onTokens;
  }

  waiting(request: GenerateRequest, index: number, prefix: SharedPrefix | null): Waiting {
    const { masks } = request;
    const keys =
      prefix === null || masks === undefined ? [] : masks.map((mask) => maskKey(mask, 0, prefix.ids.length));
    return { request, index, prefix, masks: keys.join(" ") };
  }

  /** Where the request's row begins; undefined when its prefix was not read. */
  slotOf({ prefix, masks }: Waiting): PrefixSlot | undefined {
    return prefix === this.#prefix ? this.#slots.get(masks) : undefined;
  }

  /**
   * Reads the prefix of the first request, under its masks, and under those of the next requests of this prefix if all fit into
   * one call. Forgets what was read before.
   */
  async read([first, ...next]: readonly Waiting[]): Promise<void> {
    const { ids, long } = first!.prefix!;
    const most = Math.max(1, Math.floor(prefillTokens / ids.length));
    const own = new Map([[first!.masks, first!.request]]);
    for (const { prefix, masks, request } of next)
      if (prefix === first!.prefix && (own.has(masks) || own.size < most)) own.set(masks, request);
    const cache = new KvCache(this.#engine.config, own.size);
    for (const _ of own) cache.open();
    const prompts = [...own].map(() => ({
      ...{ name: "the shared start of several prompts", ids },
      // For long prompts the prefix needs the angles of a long sequence; the exact length does not matter.
      length: long ? Number.POSITIVE_INFINITY : ids.length,
      moved: this.#edits.map(() => 0),
    }));
    const edits = batchEdits(this.#edits, [...own.values()]);
    await readPrompts(this.#engine, cache, 0, prompts, edits, this.#onTokens);
    this.#prefix = first!.prefix;
    this.#slots = new Map(
      [...own.keys()].map((masks, slot) => [masks, { cache, slot, moved: prompts[slot]!.moved }]),
    );
  }
}

/** Moves requests behind the first one of their prefix and its masks; otherwise the order stays. */
export function besideTheirLike(waiting: readonly Waiting[]): Waiting[] {
  const groups = new Map<SharedPrefix | null, Map<string, Waiting[]>>();
  for (const one of waiting) {
    const ofPrefix = groups.get(one.prefix) ?? new Map<string, Waiting[]>();
    groups.set(one.prefix, ofPrefix.set(one.masks, [...(ofPrefix.get(one.masks) ?? []), one]));
  }
  return [...groups.values()].flatMap((ofPrefix) => [...ofPrefix.values()].flat());
}
