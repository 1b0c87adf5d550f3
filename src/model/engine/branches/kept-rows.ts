/** What unedited tokens have after a block, kept between measurements: rows under edits begin there. */
import type { Branch } from "./branch.ts";

type Kept = Pick<Branch, "residual" | "lent">;

export class KeptRows {
  readonly #most: number;
  /** The one that was used longest ago comes first. */
  readonly #rows = new Map<string, Kept>();
  #size = 0;

  /** @param most how many numbers it may hold */
  constructor(most: number) {
    this.#most = most;
  }

  /** Gives the branch what was kept of its tokens. @param to blocks that they have passed @returns whether there was something */
  restore(branch: Branch, to: number): boolean {
    if (branch.clean === null) return false;
    const key = keyOf(branch.clean, to);
    const kept = this.#rows.get(key);
    if (kept === undefined) return false;
    this.#rows.delete(key);
    this.#rows.set(key, kept);
    branch.take(kept);
    return true;
  }

  keep(branch: Branch, to: number): void {
    if (branch.clean === null) return;
    const key = keyOf(branch.clean, to);
    if (this.#rows.has(key)) return;
    const kept = { residual: branch.residual, lent: new Map(branch.lent) };
    this.#rows.set(key, kept);
    this.#size += sizeOf(kept);
    for (const [oldest, row] of this.#rows) {
      if (this.#size <= this.#most) return;
      this.#rows.delete(oldest);
      this.#size -= sizeOf(row);
    }
  }
}

const keyOf = (clean: string, to: number): string => `${to} ${clean}`;

function sizeOf({ residual, lent }: Kept): number {
  let size = residual.length;
  for (const { key, value } of lent.values()) size += key.length + value.length;
  return size;
}
