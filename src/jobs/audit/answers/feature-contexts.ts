/**
 * Finds the text on which the chosen features are active, so that a person can look at a feature. The tokens come from the
 * answers on which features were chosen, and never from a scored answer.
 */

import { random } from "../../../core/random.ts";
import type { Catalog, CatalogContext } from "../../../core/records/catalog.ts";
import { answerIds, type Observation } from "../../../core/records/observation.ts";
import type { Tokenizer } from "../../../model/text/tokenizer/tokenizer.ts";
import { eachActive } from "../../../sae/code/active.ts";
import type { Rows } from "../../../sae/code/rows.ts";
import type { Sae } from "../../../sae/code/sae.ts";
import { SaeSession } from "../../../sae/code/sae-session.ts";
import { type Context, contextsOf } from "../../../sae/measure/contexts/contexts.ts";
import { Peaks } from "../../../sae/measure/contexts/peaks.ts";
import { layoutOf, type TextLayout } from "../../../sae/measure/contexts/text-rows.ts";
import { normsOf } from "../../../sae/measure/quality/quality.ts";

/** The number of contexts of a feature, each from another answer, and the tokens shown before and behind each. */
const strongest = 3;
const window = { before: 16, behind: 8 };

export interface ContextSource {
  sae: Sae;
  tokenizer: Tokenizer;
  /** Answers of the selection half. */
  observations: readonly Observation[];
  /** resid_post of an answer's tokens, [tokens, d_in]. */
  activationsOf: (observation: Observation) => Float32Array<ArrayBuffer>;
  /** Tokens whose norm is above this are never chosen, because they are not pooled. They are shown around a chosen token. */
  massiveNorm: number;
}

/** The catalog with the contexts of each of its features. @throws FathomError when a sidecar is missing or damaged */
export async function withContexts(catalog: Catalog, source: ContextSource): Promise<Catalog> {
  const chosen = new Set(
    catalog.categories.flatMap(({ features }) => features.map(({ feature }) => feature)),
  );
  const { sae, tokenizer, observations, massiveNorm } = source;
  const layout = layoutOf(
    observations.map((observation) => {
      const ids = answerIds(observation);
      return { id: observation.key, ids, from: 0, shown: ids.length };
    }),
  );
  const rows = rowsOfAnswers(layout, source);
  const norms = normsOf(rows);
  const session = await SaeSession.open(sae);
  try {
    // A catalog shows the strongest contexts only, so none is drawn at random.
    const peaks = new Peaks(sae.d_sae, { strongest, drawn: 0 }, random("contexts"));
    await session.encodeRows(rows, (stretch) => {
      eachActive(stretch, sae.d_sae, (row, feature, value) => {
        if (!chosen.has(feature)) return;
        const text = layout.textOf[row]!;
        const id = layout.texts[text]!.ids[row - layout.starts[text]!]!;
        // Special tokens belong to the template, not to the answer's text.
        if (!tokenizer.specialIds.has(id) && norms[row]! <= massiveNorm) peaks.add(feature, row, text, value);
      });
    });
    const found = await contextsOf(
      session,
      rows,
      layout,
      tokenizer,
      new Map([...chosen].map((feature) => [feature, peaks.of(feature).strongest])),
      window,
    );
    const promptOf = new Map(observations.map(({ key, prompt_id }) => [key, prompt_id]));
    return {
      ...catalog,
      categories: catalog.categories.map(({ features, ...category }) => ({
        ...category,
        features: features.map((one) => ({
          ...one,
          contexts: found.get(one.feature)!.map((context) => stored(context, promptOf.get(context.text)!)),
        })),
      })),
    };
  } finally {
    await session.close();
  }
}

function stored({ text, position, of, tokens, at, activations }: Context, prompt_id: string): CatalogContext {
  const digits = Array.from(activations, (value) => Number(value.toPrecision(4)));
  return {
    observation: text,
    prompt_id,
    position,
    of,
    activation: digits[at]!,
    around: { at, tokens, activations: digits },
  };
}

/** The rows of all answers, one after the other. One answer at a time is in memory. */
function rowsOfAnswers(
  { starts, textOf }: TextLayout,
  { sae, observations, activationsOf }: ContextSource,
): Rows {
  const width = sae.d_in;
  let open = { text: -1, values: new Float32Array(0) };
  const rowAt = (row: number) => {
    const text = textOf[row]!;
    if (open.text !== text) open = { text, values: activationsOf(observations[text]!) };
    const at = (row - starts[text]!) * width;
    return open.values.subarray(at, at + width);
  };
  return {
    name: "the run's activations",
    count: textOf.length,
    width,
    read(from, to) {
      const out = new Float32Array((to - from) * width);
      for (let row = from; row < to; row++) out.set(rowAt(row), (row - from) * width);
      return out;
    },
  };
}
