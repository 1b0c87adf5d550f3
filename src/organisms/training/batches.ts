/** Puts examples of similar length into batches, so that batches have little padding. */
import { random } from "../../core/random.ts";
import type { Example } from "../design/encode.ts";

/**
 * How many examples are sorted by length together, after all were shuffled. It is small, so that batches differ
 * between passes.
 */
const sortedTogether = 2048;

/** Yields batches without end: one pass over the examples after another, each in a different order. */
export function* batches(
  examples: readonly Example[],
  tokensPerBatch: number,
  seed: string,
): Generator<Example[]> {
  if (examples.length === 0) throw new RangeError("batches: expected at least one example, found none");
  for (let pass = 0; ; pass++) {
    const rng = random(seed).split("batches").split(pass);
    const order = rng.shuffle(examples);
    const made: Example[][] = [];
    for (let at = 0; at < order.length; at += sortedTogether)
      made.push(...cut(order.slice(at, at + sortedTogether), tokensPerBatch));
    yield* rng.split("order").shuffle(made);
  }
}

/**
 * Sorts by length, shortest first. A batch ends when one more row would make it larger than `tokensPerBatch` with
 * padding.
 */
function cut(examples: readonly Example[], tokensPerBatch: number): Example[][] {
  const made: Example[][] = [];
  for (const example of examples.toSorted((a, b) => a.ids.length - b.ids.length)) {
    const open = made.at(-1);
    if (open === undefined || (open.length + 1) * example.ids.length > tokensPerBatch) made.push([example]);
    else open.push(example);
  }
  return made;
}
