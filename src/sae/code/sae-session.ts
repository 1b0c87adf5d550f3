/**
 * An SAE opened for work: it encodes and decodes. Rows are processed in stretches, so that a [n, d_sae] array of all rows
 * never has to exist. The engine blocks while it computes; between stretches the event loop runs.
 */
import { badInput } from "../../core/errors.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import { type Coder, type Encoded, openCoder } from "./coder.ts";
import { undoesScale, undoesShift } from "./graphs.ts";
import { type Rows, stretches } from "./rows.ts";
import type { Sae } from "./sae.ts";

/** One stretch of rows with its features. */
export interface Stretch extends Encoded {
  /** Index of its first row. */
  from: number;
  /** [n, d_in] */
  x: Float32Array<ArrayBuffer>;
}

export interface SaeSessionOptions extends SessionOptions {
  /** Most numbers of [rows, d_sae] at a time. Default: the number that is fast for this SAE. One row is always allowed. */
  maxFeatureValues?: number;
  /** How many weights may be held in memory; a larger SAE is read block by block. */
  mostInMemory?: number;
}

export class SaeSession {
  readonly sae: Sae;
  readonly #rowsAtATime: number;
  readonly #coder: Coder;

  private constructor(sae: Sae, limit: number, coder: Coder) {
    this.sae = sae;
    this.#rowsAtATime = Math.max(1, Math.floor(limit / sae.d_sae));
    this.#coder = coder;
  }

  static async open(sae: Sae, options: SaeSessionOptions = {}): Promise<SaeSession> {
    const coder = await openCoder(sae, options, options.mostInMemory);
    return new SaeSession(sae, options.maxFeatureValues ?? coder.featureValues, coder);
  }

  /**
   * Encodes all rows at once. Use it for few rows; `encodeRows` is for many.
   * @param x [n, d_in] row-major
   * @throws FathomError for rows of another width, and for NaN and infinities
   */
  async encode(x: Float32Array<ArrayBuffer>): Promise<Encoded> {
    const { d_in } = this.sae;
    const n = x.length / d_in;
    if (!Number.isInteger(n)) throw badInput("activations", `rows of ${d_in} numbers`, `${x.length} numbers`);
    requireUsable(x, this.sae, "activations", 0);
    if (n === 0) return this.#nothing();
    return await this.#coder.encode(x, n);
  }

  /**
   * @param encoded features [n, d_sae], edited or not, with the shift and scale that `encode` gave
   * @returns reconstruction [n, d_in], in units of the input
   */
  async decode(encoded: Encoded): Promise<Float32Array<ArrayBuffer>> {
    const { d_sae } = this.sae;
    const n = encoded.features.length / d_sae;
    if (!Number.isInteger(n))
      throw badInput("features", `rows of ${d_sae} numbers`, `${encoded.features.length} numbers`);
    if (n === 0) return new Float32Array(0);
    return await this.#coder.decode(encoded, n);
  }

  /**
   * Encodes rows a stretch at a time, in order.
   * @throws FathomError for rows of another width, and for NaN and infinities
   */
  async encodeRows(rows: Rows, visit: (stretch: Stretch) => void | Promise<void>): Promise<void> {
    if (rows.width !== this.sae.d_in)
      throw badInput(rows.name, `rows of d_in = ${this.sae.d_in} numbers`, `rows of ${rows.width}`);
    for (const { from, x } of stretches(rows, this.#rowsAtATime)) {
      requireUsable(x, this.sae, rows.name, from);
      await visit({ from, x, ...(await this.encode(x)) });
    }
  }

  async close(): Promise<void> {
    await this.#coder.close();
  }

  #nothing(): Encoded {
    const none = () => new Float32Array(0);
    return {
      features: none(),
      shift: undoesShift(this.sae) ? none() : null,
      scale: undoesScale(this.sae) ? none() : null,
    };
  }
}

/**
 * @throws FathomError for NaN, which a TopK would treat as an ordinary number, and for a row of zeros if the SAE divides
 *   by its norm
 */
function requireUsable(x: Float32Array, { d_in, normalize }: Sae, name: string, from: number): void {
  for (let row = 0; row * d_in < x.length; row++) {
    let sum = 0;
    for (let at = row * d_in; at < (row + 1) * d_in; at++) sum += x[at]! * x[at]!;
    if (!Number.isFinite(sum))
      throw badInput(`${name} row ${from + row}`, "finite numbers", "NaN or Infinity");
    if (sum === 0 && normalize === "constant_norm_rescale")
      throw badInput(`${name} row ${from + row}`, "a norm above 0, which this SAE divides by", "all zeros");
  }
}
