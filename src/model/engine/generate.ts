/**
 * Continuous batching: rows that finish leave the batch, and waiting rows enter it. Prefixes that prompts share are read
 * once. One pass gives tokens, watched probabilities, and the activations of exactly the response tokens.
 */
import { joinFloats } from "../../core/floats.ts";
import { logOdds } from "../../core/log-odds.ts";
import { type Random, random } from "../../core/random.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { type BatchEdits, batchEdits } from "./edits.ts";
import type { Engine } from "./engine.ts";
import type {
  GenerateOptions,
  GenerateRequest,
  Generation,
  Live,
  NewToken,
  OnRow,
  OnTokens,
  StepLogProbabilities,
} from "./generation.ts";
import { KvCache } from "./kv-cache.ts";
import { stepLogProbabilities } from "./log-probabilities.ts";
import { type SharedPrefix, SharedPrefixes } from "./prefixes.ts";
import { type PromptRow, prefillTokens, readPrompts } from "./read-prompts.ts";
import { sampleToken } from "./sample.ts";
import { Thought } from "./thought.ts";

/** A row that is being generated. */
interface Row {
  request: GenerateRequest;
  index: number;
  rng: Random;
  ids: number[];
  /** null if the model cannot think. */
  thought: Thought | null;
  scores: number[];
  logProbabilities: StepLogProbabilities[];
  /** Activations by captured layer, then by token of the answer, each [d]. */
  captured: Float32Array[][];
  /** null while the row generates. Once it is set, only the last token's activations may still be missing. */
  finish: Generation["finish"] | null;
}

/** A request that has no row yet. */
interface Waiting {
  request: GenerateRequest;
  index: number;
  prefix: SharedPrefix | null;
}

/**
 * Generates for all requests. `onRow` is called when a request finishes, in no fixed order.
 * @param onTokens called with the number of tokens of each step, for progress
 * @param live lets requests enter and leave while this runs. State `options.plan` with it, because the requests that will
 *   arrive are not known here
 */
export async function generate(
  engine: Engine,
  requests: readonly GenerateRequest[],
  options: GenerateOptions,
  onRow: OnRow,
  onTokens?: OnTokens,
  live?: Live,
): Promise<void> {
  await new Batch(engine, options, onRow, onTokens, live).run(requests);
}

class Batch {
  readonly #engine: Engine;
  readonly #options: GenerateOptions;
  readonly #onRow: OnRow;
  readonly #onTokens: OnTokens | undefined;
  readonly #live: Live | undefined;
  readonly #cache: KvCache;
  readonly #rows: Row[] = [];
  readonly #endTokens: ReadonlySet<number>;
  readonly #ropeSwitch: number | null;

  constructor(
    engine: Engine,
    options: GenerateOptions,
    onRow: OnRow,
    onTokens: OnTokens | undefined,
    live: Live | undefined,
  ) {
    this.#engine = engine;
    this.#options = options;
    this.#onRow = onRow;
    this.#onTokens = onTokens;
    this.#live = live;
    this.#cache = new KvCache(engine.config, options.batchSize);
    this.#endTokens = new Set(options.endTokens);
    this.#ropeSwitch = ropeSwitch(engine.config);
  }

  async run(requests: readonly GenerateRequest[]): Promise<void> {
    // With edits, rows may have different masks, and then the same prefix has different keys and values.
    const plan = this.#options.plan ?? planOf(requests, this.#options.thinking);
    const prefixes = new SharedPrefixes(this.#options.edits.length > 0 ? [] : plan.prompts, this.#ropeSwitch);
    this.#cache.reserve(Math.min(plan.capacity, this.#engine.config.contextLength));
    const waiting: Waiting[] = prefixes
      .inOrder(requests.map(({ ids }) => ids))
      .map(({ index, prefix }) => ({ request: requests[index]!, index, prefix }));
    let known = requests.length;
    let prefix = null as { of: SharedPrefix; cache: KvCache } | null;
    for (;;) {
      for (const arrival of this.#live?.arrived() ?? []) {
        if (arrival.kind === "leave") this.#abandon(arrival.id, waiting);
        else
          waiting.push({
            request: arrival.request,
            index: known++,
            prefix: prefixes.of(arrival.request.ids),
          });
      }
      if (waiting.length === 0 && this.#rows.length === 0) return;
      while (waiting.length > 0 && this.#rows.length < this.#options.batchSize) {
        const group = waiting[0]!.prefix;
        if (group !== null && prefix?.of !== group)
          prefix = { of: group, cache: await this.#readPrefix(group) };
        const entering: Row[] = [];
        let width = 0;
        while (waiting.length > 0 && this.#rows.length + entering.length < this.#options.batchSize) {
          const { request, index, prefix: own } = waiting[0]!;
          width = Math.max(width, request.ids.length - (own?.ids.length ?? 0));
          if (own !== group || (entering.length > 0 && width * (entering.length + 1) > prefillTokens)) break;
          entering.push(this.#newRow(request, index));
          waiting.shift();
        }
        await this.#enter(entering, group === null ? null : prefix!.cache);
      }
      await this.#decode();
    }
  }

  async #readPrefix({ ids, long }: SharedPrefix): Promise<KvCache> {
    const cache = new KvCache(this.#engine.config, 1);
    cache.open();
    // For long prompts the prefix needs the angles of a long sequence; the exact length does not matter.
    const length = long ? Number.POSITIVE_INFINITY : ids.length;
    await this.#read(cache, 0, [{ name: "the shared start of several prompts", ids, length }], null);
    return cache;
  }

  /** Prefills entering rows into the slots after the active rows and samples their first tokens. */
  async #enter(entering: readonly Row[], prefix: KvCache | null): Promise<void> {
    const first = this.#rows.length;
    const skip = prefix?.lengths[0] ?? 0;
    for (const _ of entering) this.#cache.open(prefix);
    this.#rows.push(...entering);
    const last = await this.#read(
      this.#cache,
      first,
      entering.map(({ request }) => promptOf(request, request.ids.slice(skip))),
      this.#editsFor(entering),
    );
    await this.#sample(entering, last);
    this.#leave();
  }

  #read(
    cache: KvCache,
    first: number,
    prompts: readonly PromptRow[],
    edits: BatchEdits | null,
  ): Promise<Float32Array<ArrayBuffer>> {
    return readPrompts(this.#engine, cache, first, prompts, edits, this.#onTokens);
  }

  /** One step: every active row reads its last token, and unfinished rows get their next token. */
  async #decode(): Promise<void> {
    const { captureLayers } = this.#options;
    const d = this.#engine.config.hiddenSize;
    if (this.#rows.length === 0) return;
    await this.#readAgainPastSwitch();
    const step = await this.#engine.step(
      this.#cache,
      0,
      this.#rows.map((row) => [row.ids.at(-1)!]),
      {
        names: this.#rows.map(({ request }) => nameOf(request)),
        edits: this.#editsFor(this.#rows),
        capture: {
          layers: new Set(captureLayers),
          take: (layer, residual) => {
            const at = captureLayers.indexOf(layer);
            this.#rows.forEach((row, i) => {
              if (answerTokens(row) > 0) row.captured[at]!.push(residual.slice(i * d, (i + 1) * d));
            });
          },
        },
      },
    );
    const open = this.#rows.flatMap((row, i) => (row.finish === null ? [i] : []));
    if (open.length > 0) {
      const last = new Float32Array(open.length * d);
      open.forEach((i, at) => last.set(step.residual.subarray(i * d, (i + 1) * d), at * d));
      await this.#sample(
        open.map((i) => this.#rows[i]!),
        last,
      );
    }
    this.#leave();
  }

  /**
   * When a row becomes longer than the switch of its rotary angles (LongRoPE), all its tokens get other angles, so its
   * tokens in the cache are read again. Its last token is read by the step that all rows share.
   */
  async #readAgainPastSwitch(): Promise<void> {
    if (this.#ropeSwitch === null) return;
    for (const [slot, row] of this.#rows.entries()) {
      const ids = [...row.request.ids, ...row.ids];
      if (ids.length !== this.#ropeSwitch + 1) continue;
      this.#cache.empty(slot);
      const prompt = { name: nameOf(row.request), ids: ids.slice(0, -1), length: ids.length };
      await this.#read(this.#cache, slot, [prompt], this.#editsFor([row]));
    }
  }

  /** Samples the next token of each row. @param last residual after each row's last token, [rows, d] */
  async #sample(rows: readonly Row[], last: Float32Array<ArrayBuffer>): Promise<void> {
    const { watch } = this.#options;
    const { vocabSize, contextLength } = this.#engine.config;
    const needLogits = rows.some(
      ({ request }) => request.temperature > 0 || request.topLogProbabilities !== undefined,
    );
    const head = await this.#engine.head(last, watch, needLogits, (i) => nameOf(rows[i]!.request));
    const made: NewToken[] = [];
    rows.forEach((row, i) => {
      const { temperature, maxNewTokens, ids, topLogProbabilities } = row.request;
      const logits = () => head.logits!.subarray(i * vocabSize, (i + 1) * vocabSize);
      const token = temperature === 0 ? head.token[i]! : sampleToken(logits(), temperature, row.rng);
      if (this.#endTokens.has(token)) {
        row.finish = "stop";
        return;
      }
      row.ids.push(token);
      const logProbabilities =
        topLogProbabilities === undefined ? null : stepLogProbabilities(logits(), token, topLogProbabilities);
      if (logProbabilities !== null) row.logProbabilities.push(logProbabilities);
      made.push({ row: row.request.id, token, logProbabilities });
      if (watch.length > 0) {
        row.scores.push(logOdds(head.watched.subarray(i * watch.length, (i + 1) * watch.length)));
      }
      this.#follow(row);
      const isFull =
        row.thought?.inThought === true
          ? row.ids.length >= this.#options.thinking!.cap
          : answerTokens(row) >= maxNewTokens;
      if (isFull) row.finish = "length";
      else if (ids.length + row.ids.length >= contextLength) row.finish = "context";
    });
    this.#onTokens?.(rows.length, "new");
    this.#live?.onNew(made);
  }

  /** Tokens that turn out to be of a thought leave no activations. */
  #follow(row: Row): void {
    if (row.thought === null) return;
    const before = answerTokens(row);
    row.thought.follow(row.ids);
    if (answerTokens(row) < before) row.captured.forEach((tokens) => tokens.splice(0));
  }

  /** Passes on rows that are complete and frees their slots. */
  #leave(): void {
    for (let slot = this.#rows.length - 1; slot >= 0; slot--) {
      const row = this.#rows[slot]!;
      // The last token's activations need one more step, which reads the row's last token but samples no new one.
      const complete = row.captured.every((tokens) => tokens.length === answerTokens(row));
      if (row.finish === null || !complete) continue;
      this.#free(slot);
      this.#onRow(
        {
          id: row.request.id,
          ids: row.ids,
          finish: row.finish,
          thought: row.thought?.result ?? null,
          watchScores: row.scores.slice(row.ids.length - answerTokens(row)),
          logProbabilities: row.logProbabilities,
          activations: row.captured.map((tokens) => joinFloats(tokens)),
        },
        row.index,
      );
    }
  }

  /** Drops a request, whether it waits or generates. It may also have finished. */
  #abandon(id: string, waiting: Waiting[]): void {
    const place = waiting.findIndex(({ request }) => request.id === id);
    if (place >= 0) waiting.splice(place, 1);
    const slot = this.#rows.findIndex(({ request }) => request.id === id);
    if (slot >= 0) this.#free(slot);
  }

  /** Frees a slot. The last row moves to its place. */
  #free(slot: number): void {
    this.#cache.close(slot);
    const moved = this.#rows.pop()!;
    if (slot < this.#rows.length) this.#rows[slot] = moved;
  }

  #newRow(request: GenerateRequest, index: number): Row {
    const captured = this.#options.captureLayers.map((): Float32Array[] => []);
    const { thinking } = this.#options;
    const thought = thinking === undefined ? null : new Thought(thinking, request.ids);
    return {
      request,
      index,
      rng: random(request.seed),
      ids: [],
      thought,
      scores: [],
      logProbabilities: [],
      captured,
      finish: null,
    };
  }

  #editsFor(rows: readonly Row[]): BatchEdits | null {
    return batchEdits(
      this.#options.edits,
      rows.map((row) => row.request),
    );
  }
}

/** The tokens behind the thought; all tokens where there is none. */
const answerTokens = ({ ids, thought }: Row): number => ids.length - (thought?.answerFrom ?? 0);

const nameOf = ({ name, id }: GenerateRequest): string => name ?? id;

function promptOf(request: GenerateRequest, ids: readonly number[]): PromptRow {
  return { name: nameOf(request), ids, length: request.ids.length };
}

/** The prompts of all requests, and the length of the longest sequence that they can give. */
export function planOf(
  requests: readonly GenerateRequest[],
  thinking?: GenerateOptions["thinking"],
): NonNullable<GenerateOptions["plan"]> {
  const thought = thinking?.cap ?? 0;
  return {
    prompts: requests.map(({ ids }) => ids),
    capacity: Math.max(0, ...requests.map(({ ids, maxNewTokens }) => ids.length + thought + maxNewTokens)),
  };
}
