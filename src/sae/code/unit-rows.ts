/**
 * Keeps rows on the unit sphere. A decoder's rows stay there in training, so that a feature's size is in its
 * activation.
 */

/** Removes from each row's gradient the part that would only change the row's length. @param rows [n, width] of norm 1 */
export function tangent(gradient: Float32Array, rows: Float32Array, width: number): void {
  for (let start = 0; start < rows.length; start += width) {
    let along = 0;
    for (let at = start; at < start + width; at++) along += gradient[at]! * rows[at]!;
    for (let at = start; at < start + width; at++) gradient[at] = gradient[at]! - along * rows[at]!;
  }
}

/** Divides each row by its norm. @param rows [n, width] */
export function unitRows(rows: Float32Array, width: number): void {
  for (let start = 0; start < rows.length; start += width) {
    let squares = 0;
    for (let at = start; at < start + width; at++) squares += rows[at]! ** 2;
    const norm = Math.sqrt(squares);
    for (let at = start; at < start + width; at++) rows[at] = rows[at]! / norm;
  }
}
