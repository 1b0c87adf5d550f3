/**
 * The rows that the engine generates now. Requests arrive at any time and enter the batch at its next step.
 *
 * A row gets the tokens that it would get alone, to the bit. The last bits depend on the capacity of the cache, so the
 * capacity is chosen by the row's own length, and only rows with the same capacity share a batch. A batch lets no new rows
 * in while a row of another capacity waits, so no row waits for ever.
 */
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

interface Row extends RowListener {
  request: GenerateRequest;
  capacity: number;
}

export class Rows {
  readonly #model: Model;
  readonly #endTokens: readonly number[];
  readonly #batchSize: number;
  readonly #waiting: Row[] = [];
  /** The rows of the running batch, by id. */
  readonly #inside = new Map<string, Row>();
  #running: { live: LiveGeneration; capacity: number } | null = null;
  #made = 0;
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
    const request = { ...asked, id: `row-${this.#made++}`, name: "the request" };
    const row: Row = { ...listener, request, capacity: this.#capacityFor(request) };
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
      row.onFailure(closing());
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

  /** Starts a batch of the row that has waited longest, with all rows of its capacity. */
  #begin(): void {
    const [first] = this.#waiting;
    if (this.#running !== null || first === undefined) return;
    const { capacity } = first;
    const rows = this.#waiting.filter((row) => row.capacity === capacity);
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
        row?.onEnd(finish);
      },
      (tokens) => {
        for (const token of tokens) this.#inside.get(token.row)?.onToken(token);
      },
    );
    this.#running = { live, capacity };
    live.done.then(
      () => {
        this.#ended();
      },
      (error: unknown) => {
        const failed = [...this.#inside.values()];
        this.#inside.clear();
        for (const row of failed) row.onFailure(error instanceof Error ? error : new Error(String(error)));
        this.#ended();
      },
    );
  }

  /** Rows that were sent when the batch had just run out of rows begin the next one. */
  #ended(): void {
    this.#running = null;
    this.#waiting.unshift(...this.#inside.values());
    this.#inside.clear();
    this.#begin();
  }
}

const closing = () => new ApiError(503, "the server is closing");
