/**
 * The quality of an SAE on a model's own activations, in one pass over the text: what is kept of a token is a handful of
 * numbers, of a feature its few strongest places. Activations wait on the disk, features are never held for all tokens.
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

/** Bars of the distribution of L0, and pairs of features that are nearest to each other. */
const mostBars = 40;
const mostPairs = 20;

export interface MeasureOptions {
  model: Model;
  session: SaeSession;
  layer: number;
  texts: readonly ShownText[];
  /** Cross-entropies with the reconstruction spliced in; the gate has measured them. */
  losses: readonly TextLoss[];
  limits: ListLimits;
  /** An empty folder for activations: 4 · d_model bytes a token. */
  folder: string;
  seed: number;
  engine: SessionOptions;
  onWork: (words: string) => void;
}

export type MeasuredReport = Pick<
  SaeReport,
  "findings" | "l0" | "density" | "redundancy" | "features" | "not_measured"
> & { read: Omit<SaeReport["read"], "source"> };

/** @throws FathomError for texts that are too short to judge by, and a disk that is full */
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
    `Of each feature its ${strongest} strongest tokens, each of another text, and up to ${drawn} drawn at random from all on ` +
    `which it is active, since the strongest alone flatter; ${before} tokens before and ${behind} behind.`
  );
}

function notMeasured(texts: readonly ShownText[], layer: number, hasLogits: boolean): string[] {
  const hidden = texts.filter(({ ids, shown }) => shown < ids.length).length;
  return [
    ...(hidden === 0
      ? []
      : [
          `What a model answered in ${formatCount(hidden)} of the ${formatCount(texts.length)} texts is in every figure and in no context: what is shown was asked.`,
        ]),
    ...(hasLogits
      ? [
          `A logit effect is what a feature would do if nothing behind block ${layer} changed it; in early blocks that is seldom so.`,
        ]
      : ["Logit effects: an adapter lies over the head."]),
    "What a feature means: contexts and logit effects are to be read, and nothing here has named a feature or tested a name.",
    "Whether the features cause what the model says: no feature was changed here.",
  ];
}
