/** What a contrastive term is told, and the names of the choices. */

export const contrasts = ["mean-cosine", "nt-xent", "triplet"] as const;
export type Contrast = (typeof contrasts)[number];

/** What a prompt's features are: the mean over its tokens, those of its last, or the mean over the model's own answer. */
export const poolings = ["mean", "last", "answer"] as const;
export type Pooling = (typeof poolings)[number];

export interface ContrastPlan {
  contrast: Contrast;
  /** Beside the mean square of one number of x − x̂, rows having a mean norm of √d_in. */
  weight: number;
  /** Prompts of each tier a step, or as many as the smallest has. */
  perTier: number;
}

/** Enough for every loss to have pairs of all kinds; each prompt costs the encoding of its tokens. */
export const usualPerTier = 8;
