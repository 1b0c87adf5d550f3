/** The distance to another checkpoint by the token's place in the answer. */
import { random } from "../../core/random.ts";
import type { KlCurve } from "../../core/records/fidelity.ts";
import { tiers } from "../../core/records/prompt.ts";
import { inTier } from "../common/answers.ts";
import { smallestCell } from "../common/choices.ts";
import { joined, type KlInput, overTokens, sampledTokens, templatesOf } from "./compared.ts";

/** Up to here a curve has a point for each token, and behind it one for every `binTokens`. */
const singleTokens = 32;
const binTokens = 8;

/** Of the plain answers: mean KL by the token's place, for each template and tier; points of fewer than 5 answers are left out. */
export function klCurves(input: KlInput): KlCurve[] {
  const answers = joined(input).filter(({ variant }) => variant === null);
  const stream = random(`${input.seed}/kl curve`);
  return templatesOf(answers).flatMap((template) =>
    tiers.flatMap((tier): KlCurve[] => {
      const own = answers.filter((one) => one.template === template && inTier(tier)(one));
      const points = places.flatMap(({ from, to }) => {
        const there = own
          .map((one) => ({ ...one, kl: one.kl.slice(from - 1, to) }))
          .filter(({ kl }) => kl.length > 0);
        if (there.length < smallestCell) return [];
        const place = stream.split(`${template} ${tier} ${from}`);
        const { estimate, interval } = overTokens(there, ({ kl }) => kl, place);
        return [{ from, to, mean: estimate, interval, n: there.length }];
      });
      return points.length === 0 ? [] : [{ template, tier, points }];
    }),
  );
}

/** The first and last token of each point, counted from 1. */
const places = [
  ...Array.from({ length: singleTokens }, (_, i) => ({ from: i + 1, to: i + 1 })),
  ...Array.from({ length: (sampledTokens - singleTokens) / binTokens }, (_, i) => ({
    from: singleTokens + 1 + i * binTokens,
    to: singleTokens + (i + 1) * binTokens,
  })),
];
