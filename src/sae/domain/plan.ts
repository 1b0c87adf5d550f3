/** The settings of a contrastive term, and the names of their choices. */

export const contrasts = ["mean-cosine", "nt-xent", "triplet"] as const;
export type Contrast = (typeof contrasts)[number];

/** A prompt's features: the mean over its tokens, those of its last token, or the mean over the model's own answer. */
export const poolings = ["mean", "last", "answer"] as const;
export type Pooling = (typeof poolings)[number];

export interface ContrastPlan {
  contrast: Contrast;
  /** Weight relative to the mean square of one number of x − x̂, when rows have a mean norm of √d_in. */
  weight: number;
  /** Prompts per tier and step; fewer if the smallest tier has fewer. */
  perTier: number;
}

/**
 * Enough prompts for every loss to have pairs of all kinds. More would cost more, because each prompt's tokens are
 * encoded.
 */
export const usualPerTier = 8;
