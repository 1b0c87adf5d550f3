/**
 * How much a model loses when an SAE's reconstruction replaces its residual stream. Measures cross-entropy of the
 * next token for the unchanged model, with the reconstruction spliced in, and with zeros in its place. An SAE may
 * explain most of the variance and still lose what the model uses (Gated SAEs, arXiv 2404.16014, section 2.3).
 */

import { badInput } from "../../../core/errors.ts";
import type { Spool, Spooled } from "../../../files/disk/spool.ts";
import type { CaptureRequest } from "../../../model/engine/capture.ts";
import type { Model } from "../../../model/model.ts";
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

/** What the unchanged model makes of texts. */
interface Unchanged {
  /** [texts] */
  losses: readonly number[];
  /** By layer: a text's residuals [tokens, d], for each text. */
  residuals: ReadonlyMap<number, readonly Spooled[]>;
}

/** The texts that a cross-entropy is measured on. The unchanged model reads them once, for all SAEs. */
export class SplicedTexts {
  readonly model: Model;
  readonly texts: readonly SampleText[];
  readonly #layers: readonly number[];
  readonly #spool: Spool;
  #unchanged: Promise<Unchanged> | null = null;

  /**
   * @param layers the blocks whose outputs are to be replaced, one at a time
   * @param texts with at least one token to predict in total
   * @param spool keeps the residuals, as those of many layers need tens of megabytes. Close it after the last question
   */
  constructor(model: Model, layers: readonly number[], texts: readonly SampleText[], spool: Spool) {
    this.model = model;
    this.texts = texts;
    this.#spool = spool;
    this.#layers = [...new Set(layers)];
  }

  /** @throws FathomError for texts without a token to predict */
  unchanged(): Promise<Unchanged> {
    return (this.#unchanged ??= this.#read());
  }

  async #read(): Promise<Unchanged> {
    const tokens = this.texts.reduce((sum, { ids, from }) => sum + ids.length - from, 0);
    if (tokens === 0) throw badInput("texts", "a token to predict at least", "none");
    const { hiddenSize: d } = this.model.checkpoint.config;
    const residuals = new Map(
      this.#layers.map((layer) => [layer, this.texts.map(({ ids }) => this.#spool.room(ids.length * d))]),
    );
    const at = new Map(this.#layers.map((layer) => [layer, this.texts.map(() => 0)]));
    const options = { layers: this.#layers };
    const losses = await textLosses(this.model, this.texts, options, (index, layer, values) => {
      const next = at.get(layer)!;
      residuals.get(layer)![index]!.write(values, next[index]!);
      next[index]! += values.length;
    });
    return { losses, residuals };
  }
}

/** @param layer the block whose output is replaced, one of the texts' */
export async function splice(session: SaeSession, layer: number, texts: SplicedTexts): Promise<Splice> {
  return spliceOf(await spliceLosses(session, layer, texts));
}

/** Like `splice`, but with one result per text. */
export async function spliceLosses(
  session: SaeSession,
  layer: number,
  spliced: SplicedTexts,
): Promise<TextLoss[]> {
  const { model, texts } = spliced;
  const { losses: original, residuals: ofLayers } = await spliced.unchanged();
  const residuals = ofLayers.get(layer)!.map((stored) => stored.whole());
  const d = session.sae.d_in;
  let from = 0;
  const starts = residuals.map(({ length }) => (from += length) - length);
  // Massive tokens are not replaced. No SAE is meant for them, and losing one would dominate the measurement.
  const norms = residuals.flatMap((x) => [...normsOf(rowsOf(x, d, "residuals"))]);
  const isMassive = massiveOf(Float64Array.from(norms));
  const replaced = async (by: (x: Floats) => Floats | Promise<Floats>) => {
    const requests: (SampleText & CaptureRequest)[] = [];
    for (const [i, text] of texts.entries()) {
      const x = residuals[i]!;
      const replacement = (await by(x)).slice();
      for (let row = 0; row < text.ids.length; row++)
        if (isMassive[starts[i]! / d + row] === 1)
          replacement.set(x.subarray(row * d, (row + 1) * d), row * d);
      requests.push({ ...text, replacement });
    }
    return await textLosses(model, requests, { layers: [], replaceAt: layer });
  };
  const reconstructed = await replaced(async (x) => await session.decode(await session.encode(x)));
  const zeroed = await replaced((x) => new Float32Array(x.length));
  return texts.map(({ ids, from: first }, i) => ({
    tokens: ids.length - first,
    original: original[i]!,
    spliced: reconstructed[i]!,
    zeroed: zeroed[i]!,
  }));
}

/**
 * Per text: the sum of the cross-entropies of its predicted tokens.
 */
async function textLosses(
  model: Model,
  texts: readonly (SampleText & CaptureRequest)[],
  options: { layers: readonly number[]; replaceAt?: number },
  onResidual?: (index: number, layer: number, values: Floats) => void,
): Promise<number[]> {
  const requests = texts.map((text) => ({ ...text, logitsFrom: text.from - 1 }));
  const sums = texts.map(() => 0);
  const wanted = { ...options, logits: false, losses: true, edits: [] };
  await model.capture(requests, wanted, ({ index, place, values }) => {
    if (typeof place === "number") onResidual?.(index, place, values);
    else for (const loss of values) sums[index]! += loss;
  });
  return sums;
}
