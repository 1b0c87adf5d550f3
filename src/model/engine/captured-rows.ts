/** What is captured comes in pieces; where all of it fits into memory, this puts the pieces of each row together again. */
import { joinFloats } from "../../core/floats.ts";
import type { CapturedPiece } from "./capture.ts";

export class CapturedRows {
  readonly #pieces = new Map<string, Float32Array[]>();

  /** To be given to `capture`. */
  readonly take = ({ index, place, values }: CapturedPiece): void => {
    const key = `${index} ${place}`;
    const pieces = this.#pieces.get(key);
    if (pieces === undefined) this.#pieces.set(key, [values]);
    else pieces.push(values);
  };

  /**
   * @returns [tokens, d] of a block, or [tokens, vocab] of the logits
   * @throws RangeError when that was not captured
   */
  row(index: number, place: CapturedPiece["place"]): Float32Array<ArrayBuffer> {
    const pieces = this.#pieces.get(`${index} ${place}`);
    if (pieces === undefined) throw new RangeError(`row ${index}: ${place} was not captured`);
    return joinFloats(pieces);
  }
}
