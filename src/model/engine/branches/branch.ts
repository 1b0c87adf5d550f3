/**
 * Rows that are alike up to some block are one branch. Where the masks of a block's edits differ, a branch divides. So what
 * rows share is computed once.
 */

import type { StartSlot } from "../cache/start-past.ts";
import type { EditMasks } from "../edits/edit.ts";
import { maskKey, noMask } from "../edits/mask-key.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Values of a layer that later layers use too: keys and values of one row, [kvHeads, t, headDim] each. */
export interface LentRow {
  key: Floats;
  value: Floats;
}

/** Tokens that were read through some blocks under certain masks. t: their number. */
export class Branch {
  readonly id: string;
  /** The tokens. */
  readonly ids: readonly number[];
  /** One mask per edit. Those of the blocks above may differ among the rows of the branch. */
  readonly masks?: EditMasks;
  /** Length of the whole sequence, which decides rotary angles. */
  readonly length: number;
  /** Whether other branches begin with these tokens. */
  readonly isStart: boolean;
  /** The tokens before these; null when there are none. */
  readonly start: Branch | null;
  /** The branch that this one continues; null before the first block. */
  readonly below: Branch | null;
  /** Names the tokens and those before them, while no edit has touched them; null then. */
  readonly clean: string | null;
  /** Whether it must be computed. */
  isNeeded = false;
  /** The output of its last block [t, d]; empty before the first block. */
  residual: Floats = new Float32Array();
  readonly lent = new Map<number, LentRow>();
  /** Keys and values, for the branches that begin with these tokens; null when they are not kept. */
  kept: StartSlot | null = null;
  /** By edit: how far it moved a token in the blocks since the branch began. */
  readonly moved = new Map<number, number>();
  /** By edit: activations [t, n]. */
  readonly activations = new Map<number, Floats>();
  /** By index among the wanted sites: their values [t, d]. */
  readonly sites = new Map<number, Floats>();

  constructor(
    of: Pick<Branch, "id" | "ids" | "length" | "isStart" | "start" | "below" | "clean"> & {
      masks?: EditMasks | undefined;
    },
  ) {
    this.id = of.id;
    this.ids = of.ids;
    if (of.masks !== undefined) this.masks = of.masks;
    this.length = of.length;
    this.isStart = of.isStart;
    this.start = of.start;
    this.below = of.below;
    this.clean = of.clean;
  }

  /** What an equal branch has after its last block. */
  take({ residual, lent }: Pick<Branch, "residual" | "lent">): void {
    this.residual = residual;
    for (const [layer, row] of lent) this.lent.set(layer, row);
  }

  /** Frees what only the next blocks needed. */
  forget(): void {
    this.residual = new Float32Array();
    this.lent.clear();
    this.kept = null;
  }

  /** What the branch or one below it holds. */
  find<T>(of: (branch: Branch) => T | undefined): T | undefined {
    return of(this) ?? this.below?.find(of);
  }
}

/** Makes the branches of a run of blocks. */
export class Branching {
  readonly #edits: readonly number[];
  readonly #made = new Map<string, Branch>();
  /** Of branches and of masks' keys: a number is short. */
  readonly #numbers = new Map<Branch | string, number>();

  /** @param edits the edits of these blocks, by their indices */
  constructor(edits: readonly number[]) {
    this.#edits = edits;
  }

  /**
   * @param below the branch of the blocks below @param start the branch of the tokens before, through these blocks
   * @returns one branch for rows that continue the same branches and have equal masks
   */
  next(row: { id: string; masks?: EditMasks | undefined }, below: Branch, start: Branch | null): Branch {
    const { ids, length, isStart } = below;
    const { id, masks } = row;
    const from = start?.ids.length ?? 0;
    const own = this.#edits.map((edit) =>
      masks === undefined ? "all" : maskKey(masks[edit]!, from, from + ids.length),
    );
    const key = [below, ...(start === null ? [] : [start]), ...own].map((one) => this.#number(one)).join(" ");
    let branch = this.#made.get(key);
    if (branch === undefined) {
      const isClean = own.every((mask) => mask === noMask) && start?.clean !== null;
      const clean = isClean ? below.clean : null;
      branch = new Branch({ id, ids, masks, length, isStart, start, below, clean });
      this.#made.set(key, branch);
    }
    return branch;
  }

  /** All branches, in the order in which they were made. */
  get branches(): readonly Branch[] {
    return [...this.#made.values()];
  }

  #number(one: Branch | string): number {
    const known = this.#numbers.get(one) ?? this.#numbers.size;
    this.#numbers.set(one, known);
    return known;
  }
}
