/**
 * The directions of a circuit's residual stream. Each has a name. A seeded rotation makes them dense, so no direction lies on an
 * axis. Decoders of features may overlap; what reads a direction reads its coordinate (the dual basis), which no other
 * direction moves.
 */
import { inverse, Matrix } from "ml-matrix";
import type { Random } from "../../core/random.ts";

export type Weights = Iterable<readonly [direction: string, weight: number]>;

export class Basis {
  readonly width: number;
  /** Directions that mean nothing. The noise of the weights lives in them. */
  readonly noise: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  /** Unit directions, each [width]. */
  readonly #directions: readonly (readonly number[])[];
  /** The product of reader i with a residual is the coordinate of direction i. */
  readonly #readers: readonly (readonly number[])[];

  /**
   * @param names directions with a meaning; the rest of the width is noise
   * @param overlaps cosines of a direction with others
   * @throws RangeError if the directions do not fit into the width, or a direction's squared cosines reach 1
   */
  constructor(
    names: readonly string[],
    width: number,
    overlaps: ReadonlyMap<string, Readonly<Record<string, number>>>,
    rng: Random,
  ) {
    if (names.length > width)
      throw new RangeError(`Basis: expected at most ${width} directions, found ${names.length}`);
    this.width = width;
    this.noise = Array.from({ length: width - names.length }, (_, i) => `noise ${i}`);
    this.#index = new Map([...names, ...this.noise].map((name, i) => [name, i]));
    const plain = Matrix.eye(width);
    for (const [name, cosines] of overlaps) this.#lean(plain, name, Object.entries(cosines));
    const directions = randomRotation(width, rng).mmul(plain);
    this.#directions = directions.transpose().to2DArray();
    this.#readers = inverse(directions).to2DArray();
  }

  /** Adds weight × direction for each. @returns [width] */
  write(weights: Weights): Float64Array {
    return this.#sum(weights, this.#directions);
  }

  /** The vector whose product with a residual is the weighted sum of coordinates. @returns [width] */
  read(weights: Weights): Float64Array {
    return this.#sum(weights, this.#readers);
  }

  #sum(weights: Weights, vectors: readonly (readonly number[])[]): Float64Array {
    const out = new Float64Array(this.width);
    for (const [name, weight] of weights) {
      const index = this.#index.get(name);
      if (index === undefined) throw new RangeError(`Basis: expected a direction, found "${name}"`);
      const vector = vectors[index]!;
      for (let i = 0; i < out.length; i++) out[i]! += weight * vector[i]!;
    }
    return out;
  }

  #lean(plain: Matrix, name: string, cosines: readonly (readonly [string, number])[]): void {
    const own = this.#index.get(name)!;
    const left = 1 - cosines.reduce((sum, [, cosine]) => sum + cosine ** 2, 0);
    if (left < 0.05) throw new RangeError(`Basis: the overlaps of "${name}" leave nothing of its own`);
    for (const [other, cosine] of cosines) plain.set(this.#index.get(other)!, own, cosine);
    plain.set(own, own, Math.sqrt(left));
  }
}

/** A random orthogonal matrix: Gram–Schmidt over normal columns. */
function randomRotation(n: number, rng: Random): Matrix {
  const rows: Float64Array[] = [];
  for (let i = 0; i < n; i++) {
    const row = Float64Array.from({ length: n }, () => rng.normal());
    // Twice, because one pass leaves rounding errors of other rows.
    for (let pass = 0; pass < 2; pass++)
      for (const earlier of rows) {
        const along = row.reduce((sum, value, j) => sum + value * earlier[j]!, 0);
        for (let j = 0; j < n; j++) row[j]! -= along * earlier[j]!;
      }
    const length = Math.hypot(...row);
    rows.push(row.map((value) => value / length));
  }
  return new Matrix(rows);
}
