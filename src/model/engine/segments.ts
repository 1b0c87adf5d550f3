/**
 * Consecutive blocks in one session. Every run of a session wakes ONNX Runtime's threads and ends their spinning; beside
 * a small block's arithmetic that is much, so small blocks share a session. The residual stream stays in plain sight:
 * each block's output is an output of its segment, fetched where it is wanted, and a segment ends where the stream is
 * changed.
 */

import { blockPrefix, buildBlocks } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { declareFrom } from "../architecture/declare.ts";
import type { InferenceSession } from "../ort/ort.ts";
import { openSession, type SessionOptions } from "../ort/session.ts";
import type { Sessions } from "../ort/sessions.ts";
import type { Weights } from "../weights/weights.ts";

/**
 * Parameters in one segment, unless a single block has more: 64 MB in float32. Five blocks of a 135M model in a session
 * decode a third faster than in five; more gain nothing, and a segment takes several times its size while it opens.
 */
const segmentParameters = 2 ** 24;

/** The blocks [from, to). */
export interface Segment {
  from: number;
  to: number;
}

export class Segments {
  readonly #config: ModelConfig;
  readonly #weights: Weights;
  readonly #options: SessionOptions;
  readonly #sessions: Sessions;
  #arranged: readonly Segment[];

  /** Every block is a segment where one session is held at a time: the less there is to hold, the better. */
  constructor(config: ModelConfig, weights: Weights, options: SessionOptions, sessions: Sessions) {
    this.#config = config;
    this.#weights = weights;
    this.#options = options;
    this.#sessions = sessions;
    this.#arranged = packed(blockSizes(config, weights), sessions.oneAtATime ? 0 : segmentParameters);
  }

  /** @param onPart told after each segment is open */
  async openAll(onPart: (done: number, total: number) => void): Promise<void> {
    for (const [i, segment] of this.#arranged.entries()) {
      await this.session(segment);
      onPart(i + 1, this.#arranged.length);
    }
  }

  async session(segment: Segment): Promise<InferenceSession> {
    const config = this.#config;
    const weights = this.#weights;
    const options = this.#options;
    const graph = () => buildBlocks(config, segment.from, segment.to, declareFrom(weights));
    return await this.#sessions.get(nameOf(segment), () => openSession(graph(), weights, options));
  }

  /**
   * All segments in order, one of them ending with each of these blocks. Where none does yet, the segment that holds the
   * block is closed and cut into pieces, once and for all.
   */
  async endingWith(blocks: ReadonlySet<number>): Promise<readonly Segment[]> {
    const cut: Segment[] = [];
    for (const segment of this.#arranged) {
      const pieces = pieced(segment, blocks);
      if (pieces.length > 1) await this.#sessions.release(nameOf(segment));
      cut.push(...pieces);
    }
    this.#arranged = cut;
    return cut;
  }
}

const nameOf = ({ from, to }: Segment): string => `blocks ${from} to ${to - 1}`;

/** Consecutive blocks together until they have more than so many parameters. */
function packed(sizes: readonly number[], most: number): Segment[] {
  const ranges: Segment[] = [];
  let held = 0;
  sizes.forEach((size, block) => {
    const last = ranges.at(-1);
    if (last !== undefined && held + size <= most) {
      last.to = block + 1;
      held += size;
    } else {
      ranges.push({ from: block, to: block + 1 });
      held = size;
    }
  });
  return ranges;
}

/** A range cut after each of these blocks. */
function pieced({ from, to }: Segment, ends: ReadonlySet<number>): Segment[] {
  const pieces: Segment[] = [];
  let start = from;
  for (let block = from; block < to; block++)
    if (block === to - 1 || ends.has(block)) {
      pieces.push({ from: start, to: block + 1 });
      start = block + 1;
    }
  return pieces;
}

/** Parameters of each block. */
function blockSizes({ layers }: ModelConfig, weights: Weights): number[] {
  const names = weights.names();
  return layers.map((_, block) =>
    names
      .filter((name) => name.startsWith(blockPrefix(block)))
      .reduce((sum, name) => sum + weights.info(name).shape.reduce((a, b) => a * b, 1), 0),
  );
}
