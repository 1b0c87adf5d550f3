/**
 * Consecutive blocks in one session. Every run of a session wakes ONNX Runtime's threads and ends their spinning; beside
 * a small block's arithmetic that is much, so small blocks share a session. The residual stream stays in plain sight:
 * each block's output is an output of its segment, fetched where it is wanted, and a segment ends where the stream is
 * changed.
 */
import type { InferenceSession } from "onnxruntime-node";
import type { ModelConfig } from "./config.ts";
import { blockPrefix, buildBlocks } from "./parts.ts";
import { declareFrom, openSession, type SessionOptions } from "./session.ts";
import type { Weights } from "./weights.ts";

/**
 * Parameters in one segment, unless a single block has more: 64 MB in float32. Five blocks of a 135M model in a session
 * decode a third faster than in five; more gain nothing, and a segment takes several times its size while it opens.
 */
const segmentParameters = 2 ** 24;

/** The blocks [from, to). */
interface Range {
  from: number;
  to: number;
}

export interface Segment extends Range {
  session: InferenceSession;
}

export class Segments {
  private readonly openRange: (range: Range) => Promise<Segment>;
  private opened: readonly Segment[] = [];

  private constructor(config: ModelConfig, weights: Weights, options: SessionOptions) {
    const declare = declareFrom(weights);
    this.openRange = async ({ from, to }) => {
      const session = await openSession(buildBlocks(config, from, to, declare), weights, options);
      return { from, to, session };
    };
  }

  /** @param onPart told after each segment is open */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: SessionOptions,
    onPart: (done: number, total: number) => void,
  ): Promise<Segments> {
    const segments = new Segments(config, weights, options);
    const ranges = packed(blockSizes(config, weights));
    for (const range of ranges) {
      segments.opened = [...segments.opened, await segments.openRange(range)];
      onPart(segments.opened.length, ranges.length);
    }
    return segments;
  }

  /**
   * All segments in order, one of them ending with each of these blocks. Where none does yet, the segment that holds the
   * block is opened again in pieces, once and for all.
   */
  async endingWith(blocks: ReadonlySet<number>): Promise<readonly Segment[]> {
    const arranged: Segment[] = [];
    for (const segment of this.opened) {
      const pieces = pieced(segment, blocks);
      if (pieces.length === 1) {
        arranged.push(segment);
        continue;
      }
      await segment.session.release();
      for (const piece of pieces) arranged.push(await this.openRange(piece));
    }
    this.opened = arranged;
    return arranged;
  }

  async close(): Promise<void> {
    for (const { session } of this.opened) await session.release();
  }
}

/** Consecutive blocks together until they are too large. */
function packed(sizes: readonly number[]): Range[] {
  const ranges: Range[] = [];
  let held = 0;
  sizes.forEach((size, block) => {
    const last = ranges.at(-1);
    if (last !== undefined && held + size <= segmentParameters) {
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
function pieced({ from, to }: Range, ends: ReadonlySet<number>): Range[] {
  const pieces: Range[] = [];
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
