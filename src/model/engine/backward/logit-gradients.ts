/** The values of objectives of logits, and their gradients with respect to the last block's output. */
import { joinFloats } from "../../../core/floats.ts";
import type { HeadGradient } from "./head-gradient.ts";
import { type LogitObjective, throughLogits } from "./objectives.ts";

type Floats = Float32Array<ArrayBuffer>;

/** A position whose logits an objective reads. */
export interface LogitPlace {
  objective: LogitObjective;
  position: number;
  /** The output of the last block at this position, [d]. */
  x: Floats;
  /** Takes the part of the value that this position contributes, and d part / d x, [d]. */
  take: (part: number, dx: Floats) => void;
}

export interface HeadParts {
  /** x [N, d] → logits [N, vocab], for places `from` to `from + N`. */
  logits: (x: Floats, from: number) => Promise<Floats>;
  gradient: HeadGradient;
  /** Places whose logits are computed at once. */
  rows: number;
  /** Places whose cotangents [places, vocab] are held at once. The whole unembedding is decoded for each such number. */
  most: number;
}

/** Takes all places through the head and back. */
export async function throughHead(
  places: readonly LogitPlace[],
  { logits, gradient, rows, most }: HeadParts,
): Promise<void> {
  for (let from = 0; from < places.length; from += most) {
    const held = places.slice(from, from + most);
    const parts: number[] = [];
    const cotangents: Floats[] = [];
    for (let at = 0; at < held.length; at += rows) {
      const some = held.slice(at, at + rows);
      const computed = await logits(joinFloats(some.map(({ x }) => x)), from + at);
      const vocab = computed.length / some.length;
      for (const [i, { objective, position }] of some.entries()) {
        const cotangent = new Float32Array(vocab);
        const own = computed.subarray(i * vocab, (i + 1) * vocab);
        parts.push(throughLogits(objective, position, own, cotangent));
        cotangents.push(cotangent);
      }
    }
    const dx = await gradient.run(joinFloats(held.map(({ x }) => x)), cotangents);
    for (const [i, { x, take }] of held.entries())
      take(parts[i]!, dx.subarray(i * x.length, (i + 1) * x.length));
  }
}
