/**
 * A segment is several consecutive blocks in one session. Every run of a session wakes ONNX Runtime's threads and ends
 * their spinning. That is slow compared with the arithmetic of a small block, so small blocks share a session. The
 * residual stream stays accessible: each block's output is an output of its segment, which is fetched when it is
 * wanted, and edits are part of the graph (slots).
 */

import { blockPrefix, buildBlocks } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { declareFrom } from "../architecture/declare.ts";
import { Observed } from "../architecture/observed.ts";
import type { Site, SiteKind } from "../architecture/slots/sites.ts";
import type { InferenceSession } from "../ort/ort.ts";
import { openSession, type SessionOptions } from "../ort/session.ts";
import type { Sessions } from "../ort/sessions.ts";
import type { Weights } from "../weights/weights.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import { SlotPlan } from "./edits/slot-plan.ts";

/**
 * Most parameters in one segment (64 MB in float32), unless a single block has more. Five blocks of a 135M model decode a
 * third faster in one session than in five. Larger segments gain nothing, and a segment takes several times its size in
 * memory while it opens.
 */
const segmentParameters = 2 ** 24;

interface SegmentOptions extends SessionOptions {
  /** Matrices whose inputs are outputs of their segment. */
  observed?: ReadonlySet<string>;
}

/** A range of blocks: `from` is included, `to` is not. */
export interface Segment {
  from: number;
  to: number;
}

/** The sites that are outputs of a segment only where they are wanted. */
type Inner = Extract<SiteKind, "attn_out" | "mlp_out">;

export class Segments {
  /** The slots of the blocks. */
  readonly plan: SlotPlan;
  readonly #taps = new Map<number, Inner[]>();
  readonly #config: ModelConfig;
  readonly #weights: Weights;
  readonly #options: SegmentOptions;
  readonly #sessions: Sessions;
  #arranged: readonly Segment[];

  /** If one session is held at a time, every block is a segment, so that little memory is held. */
  constructor(config: ModelConfig, weights: Weights, options: SegmentOptions, sessions: Sessions) {
    this.#config = config;
    this.#weights = weights;
    this.#options = options;
    this.#sessions = sessions;
    this.plan = new SlotPlan(config.hiddenSize);
    this.#arranged = packed(blockSizes(config, weights), sessions.oneAtATime ? 0 : segmentParameters);
  }

  /** @param onPart called after each segment is open */
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
    const graph = () => {
      const observed = new Observed(options.observed ?? new Set());
      const declare =
        options.observed === undefined ? declareFrom(weights) : observed.over(declareFrom(weights));
      const blocks = buildBlocks(config, segment.from, segment.to, declare, {
        slots: (layer) => this.plan.of(layer),
        taps: (layer) => this.#taps.get(layer) ?? [],
      });
      observed.output(blocks);
      return blocks;
    };
    return await this.#sessions.get(nameOf(segment), () => openSession(graph(), weights, options));
  }

  /**
   * Makes room for edits, and makes sites outputs. A segment that lacks some is closed. It opens again with what it had and
   * with what it lacked.
   */
  async makeRoom(edits: readonly LaidOutEdit[], taps: readonly Site[]): Promise<void> {
    const grown = this.plan.makeRoom(edits);
    for (const { layer, site } of taps) {
      if (site !== "attn_out" && site !== "mlp_out") continue;
      const own = this.#taps.get(layer) ?? [];
      if (own.includes(site)) continue;
      this.#taps.set(layer, [...own, site]);
      grown.add(layer);
    }
    for (const segment of this.#arranged)
      if ([...grown].some((layer) => layer >= segment.from && layer < segment.to))
        await this.#sessions.release(nameOf(segment));
  }

  /**
   * All segments in order, with one that ends at each of these blocks. If there is none yet, the segment that contains
   * the block is closed and cut into pieces. It stays cut.
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

/** Groups consecutive blocks while they have at most `most` parameters together. */
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

/** Cuts a range after each of these blocks. */
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
