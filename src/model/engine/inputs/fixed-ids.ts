/** Token ids spread over the whole vocabulary, the same at every call: a sample that needs no text. */
export function fixedIds(row: number, length: number, vocabSize: number): number[] {
  return Array.from({ length }, (_, t) => (7919 * (t + 1) + 104_729 * row) % vocabSize);
}
