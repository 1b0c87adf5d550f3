/** The measurements of a quality report as findings: each with its n, its interval over texts, and what it is held against. */
import type { Finding } from "../../core/finding.ts";
import { fineShare, formatCount, formatFineShare, formatNumber } from "../../core/format.ts";
import type { Random } from "../../core/random.ts";
import { wilson } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { median } from "../../stats/summary.ts";
import { massiveMultiple, type TokenGroup, type TokenQuality } from "../quality.ts";
import type { Sae } from "../sae.ts";
import { spliceOf, type TextLoss } from "../splice.ts";
import { denseAbove } from "./density.ts";
import { type Redundancy, randomNearest } from "./redundancy.ts";

const level = 0.95;
const resamples = 1000;
/** Rows this near say the same; the share of such features is a choice to be read beside the whole distribution. */
const nearCosine = 0.9;

const byText = `percentile bootstrap over texts, ${resamples} resamples`;
const none: Finding["control"] = { kind: "nothing", estimate: null, interval: null };

export interface Measured {
  sae: Sae;
  tokens: TokenQuality;
  /** [n] the text of each token. */
  textOf: Int32Array;
  texts: number;
  losses: readonly TextLoss[];
  redundancy: Redundancy;
}

export function saeFindings(measured: Measured, random: Random): Finding[] {
  return [
    ...unexplained(measured, random.split("unexplained")),
    recovered(measured, random.split("recovered")),
    massive(measured, random.split("massive")),
    meanL0(measured, random.split("l0")),
    ...use(measured),
    ...redundant(measured),
  ];
}

/** Sums over the tokens of each text that are wanted, for ratios whose texts are drawn again. */
function perText(
  { textOf, texts }: Measured,
  wanted: (row: number) => boolean,
  above: (row: number) => number,
  below: (row: number) => number,
) {
  const sums = Array.from({ length: texts }, () => ({ above: 0, below: 0, tokens: 0 }));
  for (let row = 0; row < textOf.length; row++) {
    if (!wanted(row)) continue;
    const sum = sums[textOf[row]!]!;
    sum.above += above(row);
    sum.below += below(row);
    sum.tokens++;
  }
  return sums.filter(({ tokens }) => tokens > 0);
}

/** Σ above / Σ below, and its interval over texts. NaN where there is nothing below. */
function ratio(sums: readonly { above: number; below: number; tokens: number }[], random: Random) {
  const indexed = sums.map((sum, text) => ({ ...sum, text }));
  const of = (items: readonly { above: number; below: number }[]) => {
    let [above, below] = [0, 0];
    for (const item of items) [above, below] = [above + item.above, below + item.below];
    return above / below;
  };
  const interval = bootstrap({
    items: indexed,
    cluster: ({ text }) => String(text),
    statistic: of,
    resamples,
    level,
    random,
  });
  return {
    estimate: of(indexed),
    interval,
    n: sums.reduce((total, { tokens }) => total + tokens, 0),
    texts: sums.length,
  };
}

type Ratio = ReturnType<typeof ratio>;

/** What the findings that are ratios over texts share. */
function ofRatio({ estimate, interval, n }: Ratio) {
  return { estimate: Number.isFinite(estimate) ? estimate : null, interval, level, n };
}

function unexplained(measured: Measured, random: Random): Finding[] {
  const { tokens } = measured;
  const of = (group: TokenGroup) =>
    ratio(
      perText(
        measured,
        tokens.belongs[group],
        (row) => tokens.error[row]!,
        (row) => tokens.spread[group][row]!,
      ),
      random.split(group),
    );
  const words: Record<TokenGroup, string> = {
    ordinary: "ordinary tokens",
    ordinaryWithoutFirst: "ordinary tokens that are not a text's first",
    all: "all tokens, massive ones among them",
    withoutFirst: "all tokens that are not a text's first, massive ones among them",
  };
  const all = of("all");
  const groups = (Object.keys(words) as TokenGroup[]).filter(
    (group) => tokens.firstKnown || !group.toLowerCase().includes("first"),
  );
  return groups.map((group): Finding => {
    const found = group === "all" ? all : of(group);
    const explains = found.interval === null ? null : found.interval[1] < 1;
    const figure = `FVU ${formatNumber(found.estimate)}${between(found.interval)} over ${formatCount(found.n)} tokens of ${formatCount(found.texts)} texts`;
    const sentence =
      group === "ordinary"
        ? `It leaves ${formatFineShare(found.estimate)} of the variance of ordinary tokens unexplained. ${figure}. ` +
          withMassive(tokens, all.estimate)
        : `Over ${words[group]}: ${figure}.`;
    return {
      id: `sae.fvu.${group.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      group: group === "ordinary" ? "headline" : "unexplained",
      question:
        group === "ordinary"
          ? "How much of the residual stream does it leave unexplained?"
          : `And over ${words[group]}?`,
      ...ofRatio(found),
      unit: "FVU",
      method: `Σ‖x − x̂‖² / Σ‖x − μ‖², μ the mean of the same tokens; ${byText}, μ fixed`,
      control: { kind: "the mean of the same tokens in its place", estimate: 1, interval: null },
      status: explains === null ? "undetermined" : explains ? "found" : "not found",
      sentence,
    };
  });
}

function massive(measured: Measured, random: Random): Finding {
  const { tokens } = measured;
  const share = (is: 0 | 1) =>
    ratio(
      perText(
        measured,
        (row) => tokens.isMassive[row] === is,
        (row) => tokens.error[row]!,
        (row) => tokens.norms[row]! ** 2,
      ),
      random.split(is),
    );
  const [found, ordinary] = [share(1), share(0)];
  return {
    id: "sae.massive",
    group: "unexplained",
    question: "What does it make of massive activations?",
    ...ofRatio(found),
    unit: fineShare,
    method: `Σ‖x − x̂‖² / Σ‖x‖² over tokens whose norm is above ${massiveMultiple} medians; ${byText}`,
    control: {
      kind: "the same over ordinary tokens",
      estimate: ordinary.estimate,
      interval: ordinary.interval,
    },
    status: found.n === 0 ? "not found" : "found",
    sentence:
      found.n === 0
        ? `No token's norm is above ${massiveMultiple} times the median.`
        : `On the ${formatCount(found.n)} massive tokens it loses ${formatFineShare(found.estimate)} of the squared norm${between(found.interval)}; on ordinary ones ${formatFineShare(ordinary.estimate)}.`,
  };
}

function recovered({ losses }: Measured, random: Random): Finding {
  const { original, spliced, zeroed, tokens } = spliceOf(losses);
  const sums = losses.map((loss) => ({
    above: loss.zeroed - loss.spliced,
    below: loss.zeroed - loss.original,
    tokens: loss.tokens,
  }));
  const found = ratio(sums, random);
  const harmless = !(zeroed > original);
  const nats = `${formatNumber(original)} nats a token as the model is, ${formatNumber(spliced)} with the reconstruction, ${formatNumber(zeroed)} with zeros; ${formatCount(tokens)} next tokens of ${formatCount(losses.length)} texts`;
  return {
    id: "sae.ce_recovered",
    group: "headline",
    question: "Does the model still predict with the reconstruction in its place?",
    ...ofRatio(found),
    ...(harmless ? { estimate: null, interval: null } : {}),
    unit: fineShare,
    method: `(CE with zeros − CE with the reconstruction) / (CE with zeros − CE), ordinary tokens replaced, massive ones left; ${byText}`,
    control: { kind: "zeros in its place", estimate: 0, interval: null },
    status:
      harmless || found.interval === null ? "undetermined" : found.interval[0] > 0 ? "found" : "not found",
    sentence: harmless
      ? `Zeros at this place do the model no harm, so that there is nothing to recover. Cross-entropy is ${nats}.`
      : `It keeps ${formatFineShare(found.estimate)} of what the model would lose to zeros. Cross-entropy is ${nats}${found.interval === null ? "" : `; 95% interval of the share ${formatFineShare(found.interval[0])} to ${formatFineShare(found.interval[1])}`}.`,
  };
}

function meanL0(measured: Measured, random: Random): Finding {
  const { tokens, sae } = measured;
  const found = ratio(
    perText(
      measured,
      () => true,
      (row) => tokens.l0[row]!,
      () => 1,
    ),
    random,
  );
  const stated = sae.stated.meanL0;
  return {
    id: "sae.l0",
    group: "sparsity",
    question: "How many features does a token have?",
    ...ofRatio(found),
    unit: "features",
    method: `mean number of active features a token; ${byText}`,
    control: {
      kind: stated === null ? "nothing; the SAE states none" : "stated by the SAE",
      estimate: stated,
      interval: null,
    },
    status: "found",
    sentence: `A token has ${formatNumber(found.estimate)} active features on average${between(found.interval)}, of ${formatCount(sae.d_sae)}.`,
  };
}

function use({ tokens, sae }: Measured): Finding[] {
  const n = tokens.norms.length;
  const share = (is: (firings: number) => boolean) => {
    const count = tokens.firings.reduce((sum, firings) => sum + (is(firings) ? 1 : 0), 0);
    return { count, share: count / sae.d_sae };
  };
  const dead = share((firings) => firings === 0);
  const dense = share((firings) => firings > denseAbove * n);
  const about = { unit: fineShare, interval: null, level, n: sae.d_sae };
  // Of n tokens none: with 95% the share is below 3/n (Hanley & Lippman-Hand 1983).
  const unseen = `one that is active on fewer than 1 token in ${formatCount(Math.floor(n / 3))} may have been missed`;
  return [
    {
      id: "sae.dead",
      group: "headline",
      question: "Is the dictionary in use?",
      estimate: dead.share,
      ...about,
      method: `features active on none of ${formatCount(n)} tokens`,
      control: {
        kind: sae.stated.deadShare === null ? "nothing; the SAE states none" : "stated by the SAE",
        estimate: sae.stated.deadShare,
        interval: null,
      },
      status: "found",
      sentence:
        `${formatCount(sae.d_sae - dead.count)} of its ${formatCount(sae.d_sae)} features are in use. ` +
        `${formatCount(dead.count)} (${formatFineShare(dead.share)}) were active on none of ${formatCount(n)} tokens; ${unseen}. ` +
        `${formatCount(dense.count)} (${formatFineShare(dense.share)}) are active on more than ${formatFineShare(denseAbove)} of the tokens.`,
    },
    {
      id: "sae.dense",
      group: "sparsity",
      question: "Are there features that are nearly always on?",
      estimate: dense.share,
      ...about,
      method: `features active on more than ${formatFineShare(denseAbove)} of ${formatCount(n)} tokens`,
      control: none,
      status: dense.count > 0 ? "found" : "not found",
      sentence: `${formatCount(dense.count)} of ${formatCount(sae.d_sae)} features (${formatFineShare(dense.share)}) are active on more than ${formatFineShare(denseAbove)} of the tokens.`,
    },
  ];
}

function redundant({ redundancy, sae }: Measured): Finding[] {
  const { measured, cosine, nearest, directed } = redundancy;
  const found = measured.filter((feature) => nearest[feature] !== -1).map((feature) => cosine[feature]!);
  if (found.length === 0) return [];
  const sampled = measured.length < directed;
  const about = sampled
    ? `a sample of ${formatCount(measured.length)} of ${formatCount(directed)} features, each against all`
    : "every feature against all others";
  const near = found.filter((value) => value > nearCosine).length;
  const middle = median(found);
  const chance = randomNearest(directed, sae.d_in);
  return [
    {
      id: "sae.nearest_cosine",
      group: "redundancy",
      question: "How near is a feature to its nearest?",
      estimate: middle,
      unit: "cosine",
      interval: null,
      level,
      n: found.length,
      method: `median over features of the largest cosine of decoder rows; ${about}`,
      control: { kind: "as many random directions", estimate: chance, interval: null },
      status: chance !== null && middle > chance ? "found" : "not found",
      sentence: `Half the features have another within a cosine of ${formatNumber(middle)}${chance === null ? "" : `; of as many random directions it would be ${formatNumber(chance)}`}.`,
    },
    {
      id: "sae.redundant",
      group: "redundancy",
      question: "Are there features that say the same twice?",
      estimate: near / found.length,
      unit: fineShare,
      interval: sampled ? wilson(near, found.length, level) : null,
      level,
      n: found.length,
      method: `features whose nearest decoder row has a cosine above ${nearCosine}; ${about}`,
      control: none,
      status: near > 0 ? "found" : "not found",
      sentence: `${formatCount(near)} of ${formatCount(found.length)} features looked at (${formatFineShare(near / found.length)}) have another within a cosine of ${nearCosine}.`,
    },
  ];
}

/** Why two figures differ, or that they do not. */
function withMassive({ isMassive }: TokenQuality, fvu: number): string {
  const count = isMassive.reduce((sum, is) => sum + is, 0);
  if (count === 0) return `No token's norm is above ${massiveMultiple} times the median.`;
  const them = count === 1 ? "1 token whose norm is" : `${formatCount(count)} tokens whose norms are`;
  return `Without ${them} above ${massiveMultiple} times the median; with them FVU would be ${formatNumber(fvu)}.`;
}

function between(interval: readonly [number, number] | null): string {
  return interval === null
    ? ""
    : ` (95% interval ${formatNumber(interval[0])} to ${formatNumber(interval[1])})`;
}
