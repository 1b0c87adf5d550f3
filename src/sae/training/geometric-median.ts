/**
 * The geometric median: the point with the smallest sum of distances to the given points. b_dec starts there (Gao et al.,
 * arXiv 2406.04093, appendix A.1), because a mean is pulled towards the few rows that lie far away. Computed by Weiszfeld's
 * iteration. That is not defined at one of the points, so the step of Vardi and Zhang (PNAS 97, 2000) is used there.
 */

/** Relative to the root mean square distance of the points from the start. A b_dec needs no more digits. */
const tolerance = 1e-6;
/** The iteration converges linearly; for activations it takes about 20 steps. */
const mostIterations = 200;

/** @param points [n, width] row-major, n > 0 @returns [width] */
export function geometricMedian(points: Float32Array, width: number): Float64Array {
  const count = points.length / width;
  let at = new Float64Array(width);
  for (let i = 0; i < points.length; i++) at[i % width] = at[i % width]! + points[i]! / count;
  const spread = Math.sqrt(distances(points, at).reduce((sum, distance) => sum + distance ** 2, 0) / count);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const next = improved(points, at);
    const moved = Math.hypot(...next.map((value, i) => value - at[i]!));
    at = next;
    if (moved <= tolerance * spread) break;
  }
  return at;
}

function improved(points: Float32Array, at: Float64Array): Float64Array<ArrayBuffer> {
  const width = at.length;
  const next = new Float64Array(width);
  let total = 0;
  let here = 0;
  for (const [point, distance] of distances(points, at).entries()) {
    if (distance === 0) {
      here++;
      continue;
    }
    total += 1 / distance;
    for (let i = 0; i < width; i++) next[i] = next[i]! + points[point * width + i]! / distance;
  }
  if (total === 0) return Float64Array.from(at);
  for (let i = 0; i < width; i++) next[i] = next[i]! / total;
  if (here === 0) return next;
  // The pull of the other points is the norm of the sum of unit vectors towards them. The points that lie here resist
  // with a force of 1 each. If the pull is weaker than that, the median stays here.
  const pull = total * Math.hypot(...next.map((value, i) => value - at[i]!));
  const share = pull === 0 ? 0 : Math.max(0, 1 - here / pull);
  return next.map((value, i) => share * value + (1 - share) * at[i]!);
}

function distances(points: Float32Array, from: Float64Array): Float64Array {
  const width = from.length;
  const found = new Float64Array(points.length / width);
  for (let point = 0; point < found.length; point++) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (points[point * width + i]! - from[i]!) ** 2;
    found[point] = Math.sqrt(squares);
  }
  return found;
}
