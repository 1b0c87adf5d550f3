/**
 * The quality of an SAE on a model's own activations, in one pass over the text. Only a few numbers are kept per
 * token, and only the strongest places per feature. Activations are on the disk; the features of all tokens are never
 * in memory at once.
 */
import { join } from "node:path";
import { formatCount } from "../../../core/format.ts";
import { random } from "../../../core/random.ts";
import type { SaeReport } from "../../../core/records/sae-report.ts";
import type { Model } from "../../../model/model.ts";
import type { SessionOptions } from "../../../model/ort/session.ts";
import { eachActive } from "../../code/active.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import { Peaks } from "../contexts/peaks.ts";
import { firstOf, readToDisk, type ShownText } from "../contexts/text-rows.ts";
import { tokenQuality } from "../quality/quality.ts";
import type { TextLoss } from "../quality/splice.ts";
import { density } from "./density.ts";
import { saeFindings } from "./findings.ts";
import { countHistogram, histogram } from "./histogram.ts";
import { type ListLimits, listedFeatures } from "./listed.ts";
import { logitConvention } from "./logit-effects.ts";
import { closestPairs, redundancy } from "./redundancy.ts";
import { Tally } from "./tally.ts";

/** Most bars of the distribution of L0. */
const mostBars = 40;
/** How many pairs of most similar features are listed. */
const mostPairs = 20;

export interface MeasureOptions {
  model: Model;
  session: SaeSession;
  layer: number;
  texts: readonly ShownText[];
  /** Cross-entropies with the reconstruction spliced in, as the gate measured them. */
  losses: readonly TextLoss[];
  limits: ListLimits;
  /** An empty folder for activations: 4 · d_model bytes per token. */
  folder: string;
  seed: number;
  engine: SessionOptions;
  onWork: (words: string) => void;
}

export type MeasuredReport = Pick<
  SaeReport,
  "findings" | "l0" | "density" | "redundancy" | "features" | "not_measured"
> & { read: Omit<SaeReport["read"], "source"> };

/** @throws FathomError if the texts are too short to judge by, or if the disk is full */
export async function measureSae(options: MeasureOptions): Promise<MeasuredReport> {
  const { model, session, layer, limits, engine, onWork } = options;
  const { sae } = session;
  const draw = random(options.seed);
  const folder = join(options.folder, "rows");
  const { rows, layout } = await readToDisk(model, layer, options.texts, folder, (done, total) => {
    onWork(`reading: ${done} of ${total} tokens`);
  });
  try {
    const tally = new Tally(sae.d_sae);
    const peaks = new Peaks(sae.d_sae, limits, draw.split("contexts"));
    const tokens = await tokenQuality(session, rows, firstOf(layout), (stretch) => {
      onWork(`measuring: token ${stretch.from} of ${rows.count}`);
      eachActive(stretch, sae.d_sae, (row, feature, value) => {
        tally.add(feature, value);
        const text = layout.textOf[row]!;
        if (row - layout.starts[text]! < layout.texts[text]!.shown) peaks.add(feature, row, text, value);
      });
    });
    onWork("comparing features with one another");
    const near = await redundancy(sae.W_dec, draw.split("redundancy"), engine);
    onWork("reading contexts and logit effects");
    const sources = { session, checkpoint: model.checkpoint, rows, layout, tokens, tally, peaks };
    const { list, hasLogits } = await listedFeatures({ ...sources, redundancy: near }, limits, engine);
    const texts = layout.texts.length;
    const measured = { sae, tokens, textOf: layout.textOf, texts, losses: options.losses, redundancy: near };
    const active = tokens.firings.reduce((sum, firings) => sum + (firings > 0 ? 1 : 0), 0);
    return {
      read: {
        texts,
        tokens: rows.count,
        massive: tokens.isMassive.reduce((sum, is) => sum + is, 0),
      },
      findings: saeFindings(measured, draw.split("intervals")),
      l0: countHistogram(
        tokens.l0.filter((_, row) => tokens.belongs.ordinary(row)),
        mostBars,
      ),
      density: density(tokens.firings, rows.count),
      redundancy: {
        bins: histogram(
          near.measured.filter((feature) => near.nearest[feature] !== -1).map((i) => near.cosine[i]!),
          { from: -1, to: 1, bins: 40 },
        ).filter(({ to, count }) => to > 0 || count > 0),
        pairs: closestPairs(near, mostPairs),
        measured: near.measured.length,
        of: near.directed,
      },
      features: {
        active,
        chosen: chosenWords(active, limits),
        contexts: contextWords(limits),
        logits: hasLogits ? logitConvention : null,
        list,
      },
      not_measured: notMeasured(options.texts, layer, hasLogits),
    };
  } finally {
    rows.close();
  }
}

function chosenWords(active: number, { features, show }: ListLimits): string {
  const asked = show.length === 0 ? "" : ` and ${show.length} asked for by number`;
  return active <= features
    ? `All ${formatCount(active)} features that were active${asked}.`
    : `${features} of the ${formatCount(active)} features that were active${asked}, taken evenly from the most frequent to the rarest: neither the best nor the worst.`;
}

function contextWords({ strongest, drawn, before, behind }: ListLimits): string {
  return (
    `Per feature: its ${strongest} strongest tokens, each from a different text, and up to ${drawn} drawn at random from all ` +
    `tokens on which it is active, because the strongest alone make a feature look better than it is; ${before} tokens before and ${behind} after.`
  );
}

function notMeasured(texts: readonly ShownText[], layer: number, hasLogits: boolean): string[] {
  const hidden = texts.filter(({ ids, shown }) => shown < ids.length).length;
  return [
    ...(hidden === 0
      ? []
      : [
          `Contexts in answers: what a model answered in ${formatCount(hidden)} of the ${formatCount(texts.length)} texts counts in every figure but is never shown.`,
        ]),
    ...(hasLogits
      ? [
          `How later blocks change a feature's effect: a logit effect assumes that nothing after block ${layer} changes it, which is seldom true for early blocks.`,
        ]
      : ["Logit effects: the head has an adapter."]),
    "What a feature means: contexts and logit effects are for reading; nothing here has named a feature or tested a name.",
    "Whether the features cause what the model says: no feature was changed.",
  ];
}
