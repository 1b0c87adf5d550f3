/** Examples in batches of nearly equal lengths, so that little of a batch is padding. */
import { random } from "../../core/random.ts";
import type { Example } from "../design/encode.ts";

/** Examples shuffled together before they are sorted by length: small enough that batches differ between passes. */
const sortedTogether = 2048;

/** Batches without end, one pass over the examples after another, each in an order of its own. */
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

/** Shortest first; a batch ends where one more row would pad it beyond `tokensPerBatch` tokens. */
function cut(examples: readonly Example[], tokensPerBatch: number): Example[][] {
  const made: Example[][] = [];
  for (const example of examples.toSorted((a, b) => a.ids.length - b.ids.length)) {
    const open = made.at(-1);
    if (open === undefined || (open.length + 1) * example.ids.length > tokensPerBatch) made.push([example]);
    else open.push(example);
  }
  return made;
}
