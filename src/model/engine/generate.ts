/**
 * Continuous batching: rows that finish leave the batch, and waiting rows enter it. Prefixes that prompts share are read
 * once. One pass gives tokens, watched probabilities, and the activations of exactly the response tokens.
 */
import { joinFloats } from "../../core/floats.ts";
import { logOdds } from "../../core/log-odds.ts";
import { type Random, random } from "../../core/random.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { type SharedPrefix, SharedPrefixes } from "./cache/prefixes.ts";
import { type BatchEdits, batchEdits, noteMoves } from "./edits/batch-edits.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import { maskKey } from "./edits/mask-key.ts";
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
import { stepLogProbabilities } from "./log-probabilities.ts";
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
  /** By edit: the largest |x' − x| so far. */
  moved: number[];
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
  /** Equal for requests whose masks are equal on the tokens of their prefix, so that it is read once for them. */
  masks: string;
}

/** A prefix that was read under the masks of some requests. */
interface ReadPrefix extends Pick<Waiting, "prefix" | "masks"> {
  cache: KvCache;
  moved: number[];
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
  readonly #edits: readonly LaidOutEdit[];
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
    this.#edits = engine.edits.of(options.edits);
    this.#onRow = onRow;
    this.#onTokens = onTokens;
    this.#live = live;
    this.#cache = new KvCache(engine.config, options.batchSize);
    this.#endTokens = new Set(options.endTokens);
    this.#ropeSwitch = ropeSwitch(engine.config);
  }

  async run(requests: readonly GenerateRequest[]): Promise<void> {
    const plan = this.#options.plan ?? planOf(requests, this.#options.thinking);
    const prefixes = new SharedPrefixes(plan.prompts, this.#ropeSwitch);
    this.#cache.reserve(Math.min(plan.capacity, this.#engine.config.contextLength));
    const waitingFor = (request: GenerateRequest, index: number, prefix: SharedPrefix | null): Waiting => ({
      ...{ request, index, prefix },
      masks: prefix === null ? "" : this.#maskKey(request, prefix.ids.length),
    });
    const waiting = besideTheirLike(
      prefixes
        .inOrder(requests.map(({ ids }) => ids))
        .map(({ index, prefix }) => waitingFor(requests[index]!, index, prefix)),
    );
    let known = requests.length;
    let read: ReadPrefix | null = null;
    for (;;) {
      for (const arrival of this.#live?.arrived() ?? []) {
        if (arrival.kind === "leave") this.#abandon(arrival.id, waiting);
        else waiting.push(waitingFor(arrival.request, known++, prefixes.of(arrival.request.ids)));
      }
      if (waiting.length === 0 && this.#rows.length === 0) return;
      while (waiting.length > 0 && this.#rows.length < this.#options.batchSize) {
        const group: Waiting = waiting[0]!;
        if (group.prefix !== null && (read === null || !alike(read, group)))
          read = await this.#readPrefix(group.request, group.prefix, group.masks);
        const entering: Row[] = [];
        let width = 0;
        while (waiting.length > 0 && this.#rows.length + entering.length < this.#options.batchSize) {
          const { request, index, prefix } = waiting[0]!;
          width = Math.max(width, request.ids.length - (prefix?.ids.length ?? 0));
          if (
            !alike(waiting[0]!, group) ||
            (entering.length > 0 && width * (entering.length + 1) > prefillTokens)
          )
            break;
          entering.push(this.#newRow(request, index));
          waiting.shift();
        }
        await this.#enter(entering, group.prefix === null ? null : read);
      }
      await this.#decode();
    }
  }

  /** @param request any of those whose masks are equal on the prefix */
  async #readPrefix(request: GenerateRequest, prefix: SharedPrefix, masks: string): Promise<ReadPrefix> {
    const { ids, long } = prefix;
    const cache = new KvCache(this.#engine.config, 1);
    cache.open();
    // For long prompts the prefix needs the angles of a long sequence; the exact length does not matter.
    const length = long ? Number.POSITIVE_INFINITY : ids.length;
    const moved = this.#edits.map(() => 0);
    const edits = batchEdits(this.#edits, [request]);
    await this.#read(cache, 0, [{ name: "the shared start of several prompts", ids, length, moved }], edits);
    return { prefix, masks, cache, moved };
  }

  /** Equal for requests whose masks are equal on their first `tokens` tokens. */
  #maskKey({ masks }: GenerateRequest, tokens: number): string {
    return masks === undefined ? "" : masks.map((mask) => maskKey(mask, 0, tokens)).join(" ");
  }

  /** Prefills entering rows into the slots after the active rows and samples their first tokens. */
  async #enter(entering: readonly Row[], prefix: ReadPrefix | null): Promise<void> {
    const first = this.#rows.length;
    const skip = prefix?.cache.lengths[0] ?? 0;
    for (const row of entering) {
      this.#cache.open(prefix?.cache);
      if (prefix !== null) row.moved = [...prefix.moved];
    }
    this.#rows.push(...entering);
    const last = await this.#read(
      this.#cache,
      first,
      entering.map((row) => promptOf(row, row.request.ids.slice(skip))),
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
        onEdit: {
          activations: false,
          take: noteMoves(
            this.#rows.map(({ moved }) => moved),
            this.#rows.map(() => 1),
          ),
        },
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
      const prompt = { ...promptOf(row, ids.slice(0, -1)), length: ids.length };
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
          moved: row.moved,
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
      moved: this.#edits.map(() => 0),
      logProbabilities: [],
      captured,
      finish: null,
    };
  }

  #editsFor(rows: readonly Row[]): BatchEdits | null {
    return batchEdits(
      this.#edits,
      rows.map((row) => row.request),
    );
  }
}

/** The tokens behind the thought; all tokens where there is none. */
const answerTokens = ({ ids, thought }: Row): number => ids.length - (thought?.answerFrom ?? 0);

const nameOf = ({ name, id }: GenerateRequest): string => name ?? id;

function promptOf({ request, moved }: Row, ids: readonly number[]): PromptRow {
  return { name: nameOf(request), ids, length: request.ids.length, moved };
}

/** Whether a prefix that was read for the one serves the other. */
const alike = (a: Pick<Waiting, "prefix" | "masks">, b: typeof a): boolean =>
  a.prefix === b.prefix && a.masks === b.masks;

/** Moves requests behind the first one that shares their prefix and its masks; otherwise the order stays. */
function besideTheirLike(waiting: readonly Waiting[]): Waiting[] {
  const groups: Waiting[][] = [];
  for (const one of waiting) {
    const own = groups.find(([first]) => alike(first!, one));
    if (own === undefined) groups.push([one]);
    else own.push(one);
  }
  return groups.flat();
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
