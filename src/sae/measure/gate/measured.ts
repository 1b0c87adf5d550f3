/** Compares figures measured on activations with bounds: those that the SAE's own file states, else the declared ones. */

import type { Sae } from "../../code/sae.ts";
import type { Readings } from "../quality/mistakes.ts";
import { massiveMultiple, type Quality } from "../quality/quality.ts";
import type { Splice } from "../quality/splice.ts";
import { compare, type GateCheck, shown } from "./check.ts";

/** The declared bounds, used if the SAE's own file states no figure. A stated figure comes first, within `tolerated`. */
export interface GateBounds {
  /** Least fraction of variance explained over ordinary tokens. A wrong load usually explains less than the mean does. */
  varianceExplained: number;
  /** Least share of the cross-entropy lost to zeros that the reconstruction keeps (splice.ts). */
  recovered: number;
  /** Mean L0 may be at most this share of d_in: above it the features are not a sparse code of the input. */
  l0ShareOfInput: number;
  deadShare: number;
  /** Dead features are judged only if this many activations (tokens × L0) per feature were seen; fewer tell nothing. */
  activationsPerFeature: number;
  /** How far a measured figure may be from the stated one. */
  tolerated: {
    /** How much lower the fraction of variance explained may be. */
    varianceExplained: number;
    /** How much higher the dead share may be. */
    deadShare: number;
    /** L0 and ‖x‖ must be within this factor of the stated figure, up or down. */
    factor: number;
    /** The same factor for L0 of a TopK. It is smaller, because L0 is k except on tokens with fewer positive features. */
    factorOfTopK: number;
  };
}

/** Fathom's choices. Published residual SAEs explain 0.6 to 0.95 of ordinary tokens' variance and recover 0.9 or more. */
export const gateBounds: GateBounds = {
  varianceExplained: 0.5,
  recovered: 0.7,
  l0ShareOfInput: 0.5,
  deadShare: 0.5,
  activationsPerFeature: 100,
  tolerated: { varianceExplained: 0.1, deadShare: 0.2, factor: 2, factorOfTopK: 1.25 },
};

export function measuredChecks(sae: Sae, measured: Quality, bounds: GateBounds): GateCheck[] {
  const { stated } = sae;
  const { tolerated } = bounds;
  const { varianceExplained, meanL0, dead, norm, tokens, massive } = measured;
  const seen = ((tokens - massive.count) * meanL0) / sae.d_sae;
  const around = (value: number | null, factor = tolerated.factor) =>
    value === null ? null : { least: value / factor, most: value * factor };
  const first = varianceExplained.withoutFirst;
  return [
    compare("variance explained", varianceExplained.ordinary, {
      declared: { least: bounds.varianceExplained, most: null },
      stated:
        stated.varianceExplained === null
          ? null
          : { least: stated.varianceExplained - tolerated.varianceExplained, most: null },
      about:
        `over ${tokens - massive.count} tokens without the ${massive.count} of a norm above ${massiveMultiple} medians ` +
        `(${shown(varianceExplained.all)} with them, ` +
        (first === null ? "" : `${shown(first)} with them and without first tokens, `) +
        `median token ${shown(varianceExplained.perToken)})`,
    }),
    compare("mean L0", meanL0, {
      // At least 1: with no active features there is no code.
      declared: { least: 1, most: bounds.l0ShareOfInput * sae.d_in },
      stated: around(stated.meanL0, sae.k !== null ? tolerated.factorOfTopK : tolerated.factor),
      about: `active features a token, over ${tokens - massive.count} tokens without massive ones`,
    }),
    compare("dead features", dead.share, {
      declared: { least: null, most: bounds.deadShare },
      stated:
        stated.deadShare === null ? null : { least: null, most: stated.deadShare + tolerated.deadShare },
      about: `of ${sae.d_sae} features never active, on ${tokens} tokens`,
      ...(seen >= bounds.activationsPerFeature
        ? {}
        : { tooFew: `${shown(seen)} activations a feature seen, ${bounds.activationsPerFeature} needed` }),
    }),
    compare("activation norm", norm.ordinary, {
      declared: null,
      stated: around(stated.meanNorm),
      about: `mean norm without massive tokens (mean ${shown(norm.mean)}, largest ${shown(norm.max)})`,
    }),
  ];
}

export function spliceCheck(
  { recovered, original, spliced, zeroed, tokens }: Splice,
  bounds: GateBounds,
): GateCheck {
  const name = "cross-entropy recovered";
  const about =
    `of what zeros at the site lose, over ${tokens} next tokens ` +
    `(${shown(original)} nats as the model is, ${shown(spliced)} with the reconstruction, ${shown(zeroed)} with zeros)`;
  if (recovered !== null)
    return compare(name, recovered, {
      declared: { least: bounds.recovered, most: null },
      stated: null,
      about,
    });
  const sentence = `${name}: nothing to recover ${about}.`;
  return { name, status: "undetermined", found: "nothing to recover", bound: null, sentence };
}

/**
 * Fails if another reading of the file explains more. A wrong load can still explain much, but the right one explains
 * more.
 */
export function readingCheck(readings: Readings | null): GateCheck {
  const check = (status: GateCheck["status"], found: number | string, sentence: string): GateCheck => ({
    name: "reading",
    status,
    found,
    bound: null,
    sentence,
  });
  if (readings === null)
    return check("undetermined", "not tried", "Other readings of the file were not tried: it is too wide.");
  const { asLoaded, undone } = readings;
  const as = `As it is loaded it explains ${shown(asLoaded)} of the variance of some ordinary tokens`;
  if (undone === null) return check("pass", asLoaded, `${as}; no known mistake, undone, explains more.`);
  const other = `${shown(undone.varianceExplained)} if ${undone.words}`;
  return check("fail", asLoaded, `${as}, and ${other}.`);
}
