/**
 * Findings about the fit: the variance that an SAE leaves unexplained, by group of tokens, and how well the model
 * predicts with its reconstruction.
 */

import { fineShare, formatCount, formatFineShare, formatNumber } from "../../../core/format.ts";
import type { Random } from "../../../core/random.ts";
import type { Finding } from "../../../core/records/finding.ts";
import { identified } from "../../../core/records/finding-id.ts";
import { massiveMultiple, type TokenGroup, type TokenQuality } from "../quality/quality.ts";
import { spliceOf } from "../quality/splice.ts";
import { between, byText, type Measured, ofRatio, perText, ratio } from "./ratio.ts";

const tokensOf = {
  ordinary: "ordinary",
  ordinaryWithoutFirst: "ordinary_without_first",
  all: "all",
  withoutFirst: "without_first",
} as const satisfies Record<TokenGroup, string>;

export function unexplained(measured: Measured, random: Random): Finding[] {
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
    all: "all tokens, including massive ones",
    withoutFirst: "all tokens that are not a text's first, including massive ones",
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
      ...identified({ kind: "sae_fvu", tokens: tokensOf[group] }),
      group: group === "ordinary" ? "headline" : "unexplained",
      question:
        group === "ordinary"
          ? "How much of the residual stream does it leave unexplained?"
          : `How much does it leave unexplained over ${words[group]}?`,
      ...ofRatio(found),
      unit: "FVU",
      method: `Σ‖x − x̂‖² / Σ‖x − μ‖², where μ is the mean of the same tokens; ${byText}, with μ fixed`,
      control: { kind: "the mean of the same tokens in its place", estimate: 1, interval: null },
      status: explains === null ? "undetermined" : explains ? "found" : "not found",
      sentence,
    };
  });
}

export function massive(measured: Measured, random: Random): Finding {
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
    ...identified({ kind: "sae_quality", measure: "massive" }),
    group: "unexplained",
    question: "How well does it reconstruct massive activations?",
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

export function recovered({ losses }: Measured, random: Random): Finding {
  const { original, spliced, zeroed, tokens } = spliceOf(losses);
  const sums = losses.map((loss) => ({
    above: loss.zeroed - loss.spliced,
    below: loss.zeroed - loss.original,
    tokens: loss.tokens,
  }));
  const found = ratio(sums, random);
  const harmless = !(zeroed > original);
  const nats = `${formatNumber(original)} nats per token for the unchanged model, ${formatNumber(spliced)} with the reconstruction, ${formatNumber(zeroed)} with zeros; ${formatCount(tokens)} next tokens of ${formatCount(losses.length)} texts`;
  return {
    ...identified({ kind: "sae_quality", measure: "ce_recovered" }),
    group: "headline",
    question: "Does the model still predict with the reconstruction in its place?",
    ...ofRatio(found),
    ...(harmless ? { estimate: null, interval: null } : {}),
    unit: fineShare,
    method: `(CE with zeros − CE with the reconstruction) / (CE with zeros − CE); ordinary tokens are replaced, massive ones are not; ${byText}`,
    control: { kind: "zeros in its place", estimate: 0, interval: null },
    status:
      harmless || found.interval === null ? "undetermined" : found.interval[0] > 0 ? "found" : "not found",
    sentence: harmless
      ? `Zeros at this place do not harm the model, so there is nothing to recover. Cross-entropy is ${nats}.`
      : `It keeps ${formatFineShare(found.estimate)} of what the model would lose to zeros. Cross-entropy is ${nats}${found.interval === null ? "" : `; 95% interval of the share ${formatFineShare(found.interval[0])} to ${formatFineShare(found.interval[1])}`}.`,
  };
}

/** States why FVU with and without massive tokens differ, or that there are no massive tokens. */
function withMassive({ isMassive }: TokenQuality, fvu: number): string {
  const count = isMassive.reduce((sum, is) => sum + is, 0);
  if (count === 0) return `No token's norm is above ${massiveMultiple} times the median.`;
  const them = count === 1 ? "1 token whose norm is" : `${formatCount(count)} tokens whose norms are`;
  return `This leaves out ${them} above ${massiveMultiple} times the median; with them FVU would be ${formatNumber(fvu)}.`;
}
