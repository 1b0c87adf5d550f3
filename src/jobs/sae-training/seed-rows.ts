/** Chooses, per seed of a domain, the captured rows to train on and those to judge on. */
import type { Prompt } from "../../core/records/prompt.ts";
import { pickRows, type Rows } from "../../sae/code/rows.ts";
import { labelledRows, type Span } from "../../sae/domain/labelled.ts";
import type { SeedRows } from "../../sae/domain/train.ts";
import type { Domain } from "./domain-prompts.ts";

/**
 * @param rows rows of the texts, then of the domain's prompts
 * @param spans one per prompt of the domain
 */
export function seedRowsOf(rows: Rows, spans: readonly Span[], domain: Domain): SeedRows[] {
  const { prompts, splits, pooling } = domain;
  const texts = rows.count - spans.reduce((sum, { length }) => sum + length, 0);
  const span = new Map<Prompt, Span & { start: number }>();
  let end = texts;
  for (const [at, prompt] of prompts.entries()) {
    span.set(prompt, { ...spans[at]!, start: end });
    end += spans[at]!.length;
  }
  const placesOf = (side: readonly Prompt[]) =>
    side.flatMap((prompt) => {
      const { start, length } = span.get(prompt)!;
      return Array.from({ length }, (_, at) => start + at);
    });
  const labelled = (side: readonly Prompt[]) => {
    const own = pickRows(rows, Int32Array.from(placesOf(side)));
    return labelledRows(
      own,
      side,
      side.map((prompt) => span.get(prompt)!),
      pooling,
    );
  };
  return splits.map(({ seed, trained, heldOut }) => {
    const places = placesOf(trained);
    const length = texts + places.length;
    const trainable = Int32Array.from({ length }, (_, at) => (at < texts ? at : places[at - texts]!));
    return {
      seed,
      rows: pickRows(rows, trainable),
      sides: { trained: labelled(trained), heldOut: labelled(heldOut) },
    };
  });
}
