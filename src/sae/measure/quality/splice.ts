/**
 * How much a model loses when an SAE's reconstruction replaces its residual stream. Measures cross-entropy of the
 * next token for the unchanged model, with the reconstruction spliced in, and with zeros in its place. An SAE may
 * explain most of the variance and still lose what the model uses (Gated SAEs, arXiv 2404.16014, section 2.3).
 */

import { badInput } from "../../../core/errors.ts";
import { joinFloats } from "../../../core/floats.ts";
import type { CaptureRequest } from "../../../model/engine/capture.ts";
import type { Model } from "../../../model/model.ts";
import { crossEntropy } from "../../../stats/cross-entropy.ts";
import { rowsOf } from "../../code/rows.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import { massiveOf, normsOf } from "./quality.ts";
import type { SampleText } from "./residual-sample.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Mean cross-entropy of the next token, nats. */
export interface Splice {
  /** Number of predictions that the means cover. */
  tokens: number;
  original: number;
  /** With the reconstruction in place of every residual of the site that is not massive. */
  spliced: number;
  /** With zeros in place of the same residuals. */
  zeroed: number;
  /** (zeroed − spliced) / (zeroed − original); null if zeros do no harm, so that there is nothing to recover. */
  recovered: number | null;
}

/** Cross-entropies summed over a text's predicted tokens, nats. */
export type TextLoss = Pick<Splice, "tokens" | "original" | "spliced" | "zeroed">;

/** The means over texts. */
export function spliceOf(losses: readonly TextLoss[]): Splice {
  const total = (name: keyof TextLoss) => losses.reduce((sum, loss) => sum + loss[name], 0);
  const tokens = total("tokens");
  const [original, spliced, zeroed] = [
    total("original") / tokens,
    total("spliced") / tokens,
    total("zeroed") / tokens,
  ];
  const harm = zeroed - original;
  return { tokens, original, spliced, zeroed, recovered: harm > 0 ? (zeroed - spliced) / harm : null };
}

/**
 * @param layer the block whose output is replaced
 * @param texts with at least one token to predict in total
 */
export async function splice(
  session: SaeSession,
  model: Model,
  layer: number,
  texts: readonly SampleText[],
): Promise<Splice> {
  return spliceOf(await spliceLosses(session, model, layer, texts));
}

/** Like `splice`, but with one result per text. */
export async function spliceLosses(
  session: SaeSession,
  model: Model,
  layer: number,
  texts: readonly SampleText[],
): Promise<TextLoss[]> {
  const d = session.sae.d_in;
  const tokens = texts.reduce((sum, { ids, from }) => sum + ids.length - from, 0);
  if (tokens === 0) throw badInput("texts", "a token to predict at least", "none");
  const residuals = texts.map(({ ids }) => ({ values: new Float32Array(ids.length * d), at: 0 }));
  const original = await textLosses(model, texts, { layers: [layer] }, (index, values) => {
    const own = residuals[index]!;
    own.values.set(values, own.at);
    own.at += values.length;
  });
  let from = 0;
  const starts = residuals.map(({ values }) => (from += values.length) - values.length);
  const rows = rowsOf(joinFloats(residuals.map(({ values }) => values)), d, "residuals");
  // Massive tokens are not replaced. No SAE is meant for them, and losing one would dominate the measurement.
  const isMassive = massiveOf(normsOf(rows));
  const replaced = async (by: (x: Floats) => Floats | Promise<Floats>) => {
    const requests: (SampleText & CaptureRequest)[] = [];
    for (const [i, text] of texts.entries()) {
      const x = residuals[i]!.values;
      const replacement = (await by(x)).slice();
      for (let row = 0; row < text.ids.length; row++)
        if (isMassive[starts[i]! / d + row] === 1)
          replacement.set(x.subarray(row * d, (row + 1) * d), row * d);
      requests.push({ ...text, replacement });
    }
    return await textLosses(model, requests, { layers: [], replaceAt: layer });
  };
  const spliced = await replaced(async (x) => await session.decode(await session.encode(x)));
  const zeroed = await replaced((x) => new Float32Array(x.length));
  return texts.map(({ ids, from: first }, i) => ({
    tokens: ids.length - first,
    original: original[i]!,
    spliced: spliced[i]!,
    zeroed: zeroed[i]!,
  }));
}

/**
 * Per text: the sum of the cross-entropies of its predicted tokens. Logits arrive a few rows at a time and are not
 * kept.
 */
async function textLosses(
  model: Model,
  requests: readonly SampleText[],
  options: { layers: readonly number[]; replaceAt?: number },
  onResidual?: (index: number, values: Floats) => void,
): Promise<number[]> {
  const { vocabSize } = model.checkpoint.config;
  const read = requests.map(() => 0);
  const sums = requests.map(() => 0);
  await model.capture(requests, { ...options, logits: true, edits: [] }, ({ index, place, values }) => {
    if (place !== "logits") {
      onResidual?.(index, values);
      return;
    }
    for (let at = 0; at < values.length; at += vocabSize) {
      const { ids, from } = requests[index]!;
      const next = ids[++read[index]!];
      if (next === undefined || read[index]! < from) continue;
      sums[index]! += crossEntropy(values.subarray(at, at + vocabSize), next);
    }
  });
  return sums;
}
