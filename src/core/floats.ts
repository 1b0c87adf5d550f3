/** Joins arrays of float32. */

/** @returns the parts one after another; the length is the sum of theirs */
export function joinFloats(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** An array of `length` numbers: the beginning of `room`, if that is long enough, or a new one. Its values are those of before, or zeros. */
export function floatsIn(
  room: Float32Array<ArrayBuffer> | undefined,
  length: number,
): Float32Array<ArrayBuffer> {
  return room !== undefined && room.length >= length ? room.subarray(0, length) : new Float32Array(length);
}
