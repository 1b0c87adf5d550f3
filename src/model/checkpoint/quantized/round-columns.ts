/** Rounds float32 weights to 8-bit integers with one scale for each output: the largest magnitude becomes 127. */

import { peakCode } from "../../../graph/ops/ops.ts";

/** A matrix [out, in] under construction; its outputs come piece by piece. */
export class Int8Columns {
  /** [columns, out], in the order of `Int8Form`. */
  readonly columns: Int8Array<ArrayBuffer>;
  /** [out], as `Int8Matrix` has them. */
  readonly scales: Float32Array<ArrayBuffer>;
  readonly #copies: Int32Array;

  constructor(out: number, copies: Int32Array) {
    this.#copies = copies;
    this.columns = new Int8Array(out * copies.reduce((a, b) => a + b, 0));
    this.scales = new Float32Array(out);
  }

  /** @param values outputs from `from` on, [some, in], finite */
  put(from: number, values: Float32Array): void {
    const copies = this.#copies;
    const inputs = copies.length;
    const out = this.scales.length;
    for (let row = 0; row < values.length / inputs; row++) {
      const own = values.subarray(row * inputs, (row + 1) * inputs);
      let peak = 0;
      for (const value of own) if (Math.abs(value) > peak) peak = Math.abs(value);
      const scale = Math.fround(peak / 127);
      const perScale = scale === 0 ? 0 : 1 / scale;
      const output = from + row;
      this.scales[output] = scale / peakCode;
      let further = inputs;
      for (let input = 0; input < inputs; input++) {
        // A scale below the smallest normal number has few digits.
        const code = Math.max(-127, Math.min(127, Math.round(own[input]! * perScale)));
        this.columns[input * out + output] = code;
        for (let copy = 1; copy < copies[input]!; copy++) this.columns[further++ * out + output] = code;
      }
    }
  }
}
