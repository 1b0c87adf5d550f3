/** Where large weights are decoded, one after the other, into the same arrays: what is garbage stays in memory for a while. */
import type { Weights } from "./weights.ts";

type Floats = Float32Array<ArrayBuffer>;

export class Rooms {
  readonly #weights: Weights;
  readonly #rooms = new Map<string, Floats>();

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /**
   * Like `Weights.read`. The values hold until the same room is used again.
   * @param room its name: weights of equal size, of which one is needed at a time, share one
   */
  read(name: string, room: string, rows?: readonly [from: number, to: number]): Floats {
    const known = this.#rooms.get(room);
    const values = this.#weights.read(name, rows, known);
    if (values.length > (known?.length ?? 0)) this.#rooms.set(room, values);
    return values;
  }

  clear(): void {
    this.#rooms.clear();
  }
}
