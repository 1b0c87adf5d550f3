/** Joins the pieces that `capture` gives to whole rows again, for captures that fit into memory. */
import { joinFloats } from "../../core/floats.ts";
import type { CapturedPiece } from "./capture.ts";

export class CapturedRows {
  readonly #pieces = new Map<string, Float32Array[]>();

  /** Pass this to `capture`. */
  readonly take = ({ index, place, values }: CapturedPiece): void => {
    const key = `${index} ${place}`;
    const pieces = this.#pieces.get(key);
    if (pieces === undefined) this.#pieces.set(key, [values]);
    else pieces.push(values);
  };

  /**
   * @returns [tokens, d] for a block, or [tokens, vocab] for the logits
   * @throws RangeError when this place was not captured
   */
  row(index: number, place: CapturedPiece["place"]): Float32Array<ArrayBuffer> {
    const pieces = this.#pieces.get(`${index} ${place}`);
    if (pieces === undefined) throw new RangeError(`row ${index}: ${place} was not captured`);
    return joinFloats(pieces);
  }
}
