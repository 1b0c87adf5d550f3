/**
 * Continuous batching: rows that finish leave the batch, and waiting rows enter it. Prefixes that prompts share are read
 * once. One pass gives tokens, watched probabilities, and the activations of exactly the response tokens.
 */
import { joinFloats } from "../../core/floats.ts";
import { logOdds } from "../../core/log-odds.ts";
import { type Random, random } from "../../core/random.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { SharedPrefixes } from "./cache/prefixes.ts";
import { sampleToken } from "./decoding/sample.ts";
import { Thought } from "./decoding/thought.ts";
import { type BatchEdits, batchEdits, noteMoves } from "./edits/batch-edits.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
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
import { besideTheirLike, PrefixReader, type Waiting } from "./prefix-reader.ts";
import { type PromptRead, type PromptRow, prefillTokens, readPrompts } from "./read-prompts.ts";

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
    const reader = new PrefixReader(this.#engine, this.#edits, this.#onTokens);
    const waiting = besideTheirLike(
      prefixes
        .inOrder(requests.map(({ ids }) => ids))
        .map(({ index, prefix }) => reader.waiting(requests[index]!, index, prefix)),
    );
    let known = requests.length;
    for (;;) {
      for (const arrival of this.#live?.arrived() ?? []) {
        if (arrival.kind === "leave") this.#abandon(arrival.id, waiting);
        else waiting.push(reader.waiting(arrival.request, known++, prefixes.of(arrival.request.ids)));
      }
      if (waiting.length === 0 && this.#rows.length === 0) return;
      while (waiting.length > 0 && this.#rows.length < this.#options.batchSize) {
        const group = waiting[0]!.prefix;
        const room = this.#options.batchSize - this.#rows.length;
        const isRead = (one: Waiting) => group === null || reader.slotOf(one) !== undefined;
        if (!isRead(waiting[0]!)) await reader.read(waiting.slice(0, room));
        const entering: Waiting[] = [];
        let width = 0;
        for (const next of waiting.slice(0, room)) {
          const { ids, draft = [] } = next.request;
          width = Math.max(width, ids.length - (group?.ids.length ?? 0) + draft.length);
          if (next.prefix !== group || !isRead(next)) break;
          if (entering.length > 0 && width * (entering.length + 1) > prefillTokens) break;
          entering.push(next);
        }
        waiting.splice(0, entering.length);
        await this.#enter(entering, reader);
      }
      await this.#decode();
    }
  }

  /** Prefills entering rows into the slots after the active rows and samples their first tokens. */
  async #enter(waiting: readonly Waiting[], reader: PrefixReader): Promise<void> {
    const first = this.#rows.length;
    const entering = waiting.map((one) => {
      const row = this.#newRow(one.request, one.index);
      const prefix = reader.slotOf(one);
      if (prefix !== undefined) row.moved = [...prefix.moved];
      this.#cache.open(prefix?.cache, prefix?.slot);
      return row;
    });
    const skip = waiting[0]!.prefix?.ids.length ?? 0;
    this.#rows.push(...entering);
    const drafts = entering.map((row) => this.#draftOf(row));
    const reads = await this.#read(
      this.#cache,
      first,
      entering.map((row, i) => ({
        ...promptOf(row, [...row.request.ids.slice(skip), ...drafts[i]!]),
        draft: drafts[i]!.length,
      })),
      this.#editsFor(entering),
    );
    await this.#followDrafts(
      entering.map((row, i) => ({ row, draft: drafts[i]!, read: reads[i]!, slot: first + i })),
    );
    this.#leave();
  }

  /** The draft that is read with a row's prompt. */
  #draftOf({ request, thought }: Row): readonly number[] {
    const { draft = [], temperature, maxNewTokens, ids } = request;
    if (temperature !== 0 || thought !== null || this.#options.captureLayers.length > 0) return [];
    const { contextLength } = this.#engine.config;
    // Beyond the switch of its rotary angles a row is read again.
    const turnsAt = this.#ropeSwitch ?? 0;
    const most = ids.length <= turnsAt ? turnsAt : contextLength - 1;
    return draft.slice(0, Math.max(0, Math.min(maxNewTokens - 1, most - ids.length)));
  }

  /** Samples the first token of entering rows, and the next ones as long as they are those of the draft that was read. */
  async #followDrafts(
    entering: readonly { row: Row; draft: readonly number[]; read: PromptRead; slot: number }[],
  ): Promise<void> {
    let following = entering;
    for (let at = 0; following.length > 0; at++) {
      const rows = following.map(({ row }) => row);
      await this.#sample(rows, joinFloats(following.map(({ read }) => read.last[at]!)));
      following = following.filter(({ row, draft }) => row.finish === null && row.ids[at] === draft[at]);
      for (const { row, read } of following)
        row.moved = row.moved.map((moved, edit) => Math.max(moved, read.moved[at]![edit]!));
    }
    // A row's last token is not read yet, nor is any token of the draft behind it.
    for (const { row, slot } of entering)
      this.#cache.shorten(slot, row.request.ids.length + row.ids.length - 1);
  }

  #read(
    cache: KvCache,
    first: number,
    prompts: readonly PromptRow[],
    edits: BatchEdits | null,
  ): Promise<PromptRead[]> {
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
      this.#cache.shorten(slot, 0);
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
