/** Stores the state of some tokens between two blocks in a file, while other tokens go through the open block. */
import type { Spool, Spooled } from "../../files/disk/spool.ts";
import { Tensor } from "../ort/ort.ts";
import type { Step, StepOptions } from "./step.ts";

interface Aside {
  values: Spooled;
  dims: readonly number[];
}

export class BetweenBlocks {
  readonly #spool: Spool;
  #residual: Spooled | null = null;
  readonly #lent = new Map<number, { key: Aside; value: Aside }>();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** Stores the result of a step, in place of the residual of the blocks before. */
  put({ residual, lent }: Step): void {
    if (this.#residual === null) this.#residual = this.#spool.put(residual);
    else this.#residual.replace(residual);
    for (const [layer, { key, value }] of lent)
      if (!this.#lent.has(layer)) this.#lent.set(layer, { key: this.#aside(key), value: this.#aside(value) });
  }

  /** The start of a step through block `layer`. Call it only after `put`, so not for the first block. */
  from(layer: number): NonNullable<StepOptions["from"]> {
    const lent = new Map(
      [...this.#lent].map(([lender, { key, value }]) => [lender, { key: tensor(key), value: tensor(value) }]),
    );
    return { layer, residual: this.residual(), lent };
  }

  /** The stored residual, [B, T, d]. */
  residual(): Float32Array<ArrayBuffer> {
    return this.#residual!.whole();
  }

  #aside({ data, dims }: Tensor): Aside {
    return { values: this.#spool.put(data as Float32Array<ArrayBuffer>), dims };
  }
}

function tensor({ values, dims }: Aside): Tensor {
  return new Tensor("float32", values.whole(), dims);
}
