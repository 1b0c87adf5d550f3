/**
 * The rows that the engine generates now. Requests arrive at any time and enter the batch at its next step.
 *
 * A row gets the tokens that it would get alone, to the bit. The last bits depend on the capacity of the cache, so the
 * capacity is chosen by the row's own length, and only rows with the same capacity share a batch. A batch lets no new rows
 * in while a row of another capacity waits, so no row waits for ever.
 */
import { FathomError } from "../../core/errors.ts";
import type { GenerateRequest, Generation, NewToken } from "../../model/engine/generation.ts";
import type { LiveGeneration, Model } from "../../model/model.ts";
import { ApiError } from "../loopback/api-error.ts";

/** Requests beyond this many are refused, so that their texts do not fill the memory. */
const mostRows = 1024;
/** The smallest capacity. A smaller one would save little time, and split batches. */
const leastCapacity = 256;
/** Positions of the cache that one batch may take, over all of its rows. 16 rows of 1,024 tokens keep two cores busy. */
const batchPositions = 16_384;

export interface RowListener {
  onToken(token: NewToken): void;
  onEnd(finish: Generation["finish"]): void;
  onFailure(error: Error): void;
}

interface Row {
  request: GenerateRequest;
  listener: RowListener;
  capacity: number;
  /** Whether it runs in a batch of its own, because a batch with it failed. */
  alone: boolean;
  /** Tokens that the listener has heard, and tokens made since the row began: it may begin again. */
  heard: number;
  made: number;
}

export class Rows {
  readonly #model: Model;
  readonly #endTokens: readonly number[];
  readonly #batchSize: number;
  readonly #waiting: Row[] = [];
  /** The rows of the running batch, by id. */
  readonly #inside = new Map<string, Row>();
  /** `capacity` is null when no row may enter. */
  #running: { live: LiveGeneration; capacity: number | null } | null = null;
  #started = 0;
  #closed = false;

  /** @param batchSize how many rows are decoded together at most */
  constructor(model: Model, endTokens: readonly number[], batchSize: number) {
    this.#model = model;
    this.#endTokens = endTokens;
    this.#batchSize = batchSize;
  }

  /**
   * @returns a function that ends the row; its listener then hears no more
   * @throws ApiError when there are too many rows, or the server is closing
   */
  start(asked: Omit<GenerateRequest, "id">, listener: RowListener): () => void {
    if (this.#closed) throw closing();
    if (this.#waiting.length + this.#inside.size >= mostRows)
      throw new ApiError(429, `the server works on ${mostRows} requests already; try again soon`);
    const request = { ...asked, id: `row-${this.#started++}`, name: "the request" };
    const capacity = this.#capacityFor(request);
    const row: Row = { request, listener, capacity, alone: false, heard: 0, made: 0 };
    if (this.#running?.capacity === row.capacity && this.#waiting.length === 0) {
      this.#inside.set(request.id, row);
      this.#running.live.send({ kind: "enter", request });
    } else {
      this.#waiting.push(row);
      this.#begin();
    }
    return () => {
      this.#leave(row);
    };
  }

  /** Ends all rows with an error. */
  close(): void {
    this.#closed = true;
    for (const row of [...this.#waiting, ...this.#inside.values()]) {
      this.#leave(row);
      row.listener.onFailure(closing());
    }
  }

  #leave(row: Row): void {
    const { id } = row.request;
    const place = this.#waiting.indexOf(row);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (this.#inside.delete(id)) this.#running?.live.send({ kind: "leave", id });
  }

  #capacityFor({ ids, maxNewTokens }: GenerateRequest): number {
    const needed = Math.max(leastCapacity, ids.length + maxNewTokens);
    return Math.min(2 ** Math.ceil(Math.log2(needed)), this.#model.checkpoint.config.contextLength);
  }

  /** Starts a batch with the row that has waited longest, and all rows of its capacity. */
  #begin(): void {
    const [first] = this.#waiting;
    if (this.#running !== null || first === undefined) return;
    const { capacity, alone } = first;
    const rows = alone ? [first] : this.#waiting.filter((row) => row.capacity === capacity && !row.alone);
    for (const row of rows) {
      this.#waiting.splice(this.#waiting.indexOf(row), 1);
      this.#inside.set(row.request.id, row);
    }
    const live = this.#model.generateLive(
      rows.map(({ request }) => request),
      {
        endTokens: this.#endTokens,
        batchSize: Math.max(1, Math.min(this.#batchSize, Math.floor(batchPositions / capacity))),
        watch: [],
        captureLayers: [],
        edits: [],
        plan: { prompts: [], capacity },
      },
      ({ id, finish }) => {
        const row = this.#inside.get(id);
        this.#inside.delete(id);
        if (row !== undefined) this.#guard(row, () => row.listener.onEnd(finish));
      },
      (tokens) => {
        for (const token of tokens) this.#tell(token);
      },
    );
    this.#running = { live, capacity: alone ? null : capacity };
    live.done.then(
      () => {
        this.#ended();
      },
      (error: unknown) => {
        this.#failed(asError(error));
        this.#ended();
      },
    );
  }

  #tell(token: NewToken): void {
    const row = this.#inside.get(token.row);
    if (row === undefined || ++row.made <= row.heard) return;
    row.heard = row.made;
    this.#guard(row, () => row.listener.onToken(token));
  }

  /** A mistake in a listener is that request's alone. The engine would end. */
  #guard(row: Row, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#leave(row);
      row.listener.onFailure(asError(error));
    }
  }

  /**
   * One row's numbers can become infinite, and then its whole batch fails. So each row begins again in a batch of its own, and
   * makes the same tokens again: only the row that is to blame fails.
   */
  #failed(error: Error): void {
    const rows = [...this.#inside.values()];
    this.#inside.clear();
    if (error instanceof FathomError && rows.length > 1)
      this.#waiting.unshift(...rows.map((row) => Object.assign(row, { alone: true, made: 0 })));
    else for (const row of rows) row.listener.onFailure(error);
  }

  /** Rows that were sent when the batch had just run out of rows begin the next one. */
  #ended(): void {
    this.#running = null;
    this.#waiting.unshift(...this.#inside.values());
    this.#inside.clear();
    this.#begin();
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
const closing = () => new ApiError(503, "the server is closing");
