/**
 * Findings about the dictionary: active features per token, dead and dense features, and features that are near
 * duplicates.
 */

import { fineShare, formatCount, formatFineShare, formatNumber } from "../../../core/format.ts";
import type { Random } from "../../../core/random.ts";
import type { Finding } from "../../../core/records/finding.ts";
import { identified } from "../../../core/records/finding-id.ts";
import { wilson } from "../../../stats/proportion.ts";
import { median } from "../../../stats/summary.ts";
import { denseAbove } from "./density.ts";
import { between, byText, level, type Measured, none, ofRatio, perText, ratio } from "./ratio.ts";
import { randomNearest } from "./redundancy.ts";

/**
 * Decoder rows with a higher cosine count as near duplicates. The limit is a choice; read it beside the whole
 * distribution.
 */
const nearCosine = 0.9;

export function meanL0(measured: Measured, random: Random): Finding {
  const { tokens, sae } = measured;
  const found = ratio(
    perText(
      measured,
      tokens.belongs.ordinary,
      (row) => tokens.l0[row]!,
      () => 1,
    ),
    random,
  );
  const stated = sae.stated.meanL0;
  return {
    ...identified({ kind: "sae_quality", measure: "l0" }),
    group: "sparsity",
    question: "How many features are active on a token?",
    ...ofRatio(found),
    unit: "features",
    method: `mean number of active features per token, without massive tokens; ${byText}`,
    control: {
      kind: stated === null ? "nothing; the SAE states none" : "stated by the SAE",
      estimate: stated,
      interval: null,
    },
    status: "found",
    sentence: `A token has ${formatNumber(found.estimate)} active features on average${between(found.interval)}, of ${formatCount(sae.d_sae)}.`,
  };
}

export function use({ tokens, sae }: Measured): Finding[] {
  const n = tokens.norms.length;
  const share = (is: (firings: number) => boolean) => {
    const count = tokens.firings.reduce((sum, firings) => sum + (is(firings) ? 1 : 0), 0);
    return { count, share: count / sae.d_sae };
  };
  const dead = share((firings) => firings === 0);
  const dense = share((firings) => firings > denseAbove * n);
  const about = { unit: fineShare, interval: null, level, n: sae.d_sae };
  // If no token of n has it, the share is below 3/n with 95% confidence (Hanley & Lippman-Hand 1983).
  const unseen = `one that is active on fewer than 1 token in ${formatCount(Math.floor(n / 3))} may have been missed`;
  return [
    {
      ...identified({ kind: "sae_quality", measure: "dead" }),
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
      ...identified({ kind: "sae_quality", measure: "dense" }),
      group: "sparsity",
      question: "Are there features that are active very often?",
      estimate: dense.share,
      ...about,
      method: `features active on more than ${formatFineShare(denseAbove)} of ${formatCount(n)} tokens`,
      control: none,
      status: dense.count > 0 ? "found" : "not found",
      sentence: `${formatCount(dense.count)} of ${formatCount(sae.d_sae)} features (${formatFineShare(dense.share)}) are active on more than ${formatFineShare(denseAbove)} of the tokens.`,
    },
  ];
}

export function redundant({ redundancy, sae }: Measured): Finding[] {
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
      ...identified({ kind: "sae_quality", measure: "nearest_cosine" }),
      group: "redundancy",
      question: "How similar is a feature to its nearest other feature?",
      estimate: middle,
      unit: "cosine",
      interval: null,
      level,
      n: found.length,
      method: `median over features of the largest cosine of decoder rows; ${about}`,
      control: { kind: "the same number of random directions", estimate: chance, interval: null },
      status: chance !== null && middle > chance ? "found" : "not found",
      sentence: `Half of the features have another feature at a cosine of ${formatNumber(middle)} or more${chance === null ? "" : `; for the same number of random directions it would be ${formatNumber(chance)}`}.`,
    },
    {
      ...identified({ kind: "sae_quality", measure: "redundant" }),
      group: "redundancy",
      question: "Are there features that are near duplicates of another?",
      estimate: near / found.length,
      unit: fineShare,
      interval: sampled ? wilson(near, found.length, level) : null,
      level,
      n: found.length,
      method: `features whose nearest decoder row has a cosine above ${nearCosine}; ${about}`,
      control: none,
      status: near > 0 ? "found" : "not found",
      sentence: `${formatCount(near)} of ${formatCount(found.length)} features examined (${formatFineShare(near / found.length)}) have another feature at a cosine above ${nearCosine}.`,
    },
  ];
}
