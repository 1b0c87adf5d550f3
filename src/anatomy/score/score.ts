/**
 * The refusal score of one model: log-odds of the tokens with which its own refusals go on, at the place where it decides.
 * Both are found from its judged clean answers. Every use of the score reports how far it agrees with judged answers.
 */
import type { Random } from "../../core/random.ts";
import type { Scored } from "./answers.ts";
import { type Agreement, agreement, bestBoundary } from "./boundary.ts";
import type { ScorePlace } from "./places.ts";
import { earliestBest, type Separation, separation } from "./separation.ts";
import type { WeightedPrefix } from "./sequence.ts";

/** A score with its boundary: above it the answer refuses. */
export interface CheckedScore extends Separation {
  boundary: number;
  /** On the prompts that place and boundary were chosen on. Too good, for that reason. */
  fitted: Agreement;
  /** On other prompts; null if none of them refuses, or none complies. */
  held: Agreement | null;
}

export interface RefusalScore extends CheckedScore {
  /** The prompt's last token. */
  last: ScorePlace;
  /** The first place that no other clearly beats. Boundary and agreement are of the score there. */
  deciding: ScorePlace;
  /** Every place that was tried, the prompt's last token first. */
  tried: readonly (ScorePlace & Separation)[];
  /** Mean log probability of a token of the refusals' beginnings, in nats. */
  sequence: CheckedScore & { prefixes: readonly WeightedPrefix[] };
}

/** Scores of the same prompts, those whose clean answer refuses or complies. */
export interface ScoresOfPart {
  /** [places][prompts] */
  places: readonly (readonly Scored[])[];
  /** [prompts] */
  sequence: readonly Scored[];
}

/** The resamples and the level of every interval. */
export interface Certainty {
  resamples: number;
  level: number;
  random: Random;
}

/**
 * @param places the places that were tried, the prompt's last token first; with `searched` false it is the deciding one
 * @param fit the scores on which place and boundaries are chosen, with both classes @param held other prompts' scores
 */
export function refusalScore(
  places: readonly ScorePlace[],
  prefixes: readonly WeightedPrefix[],
  fit: ScoresOfPart,
  held: ScoresOfPart,
  { searched, ...certainty }: Certainty & { searched: boolean },
): RefusalScore {
  const { level, random } = certainty;
  const chosen = searched
    ? earliestBest(fit.places, { ...certainty, random: random.split("deciding position") })
    : 0;
  return {
    last: places[0]!,
    deciding: places[chosen]!,
    tried: places.map((place, i) => ({
      ...place,
      ...separation(fit.places[i]!, { ...certainty, random: random.split(`place ${i}`) }),
    })),
    ...checked(fit.places[chosen]!, held.places[chosen]!, level, {
      ...certainty,
      random: random.split(`place ${chosen}`),
    }),
    sequence: {
      prefixes,
      ...checked(fit.sequence, held.sequence, level, { ...certainty, random: random.split("sequence") }),
    },
  };
}

function checked(
  fit: readonly Scored[],
  held: readonly Scored[],
  level: number,
  certainty: Certainty,
): CheckedScore {
  const boundary = bestBoundary(fit);
  const both = held.some(({ refuses }) => refuses) && held.some(({ refuses }) => !refuses);
  return {
    ...separation(fit, certainty),
    boundary,
    fitted: agreement(boundary, fit, level),
    held: both ? agreement(boundary, held, level) : null,
  };
}
