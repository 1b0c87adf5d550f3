/** How the features of an answer's tokens become one number each: over the response tokens, never over the template's. */
export const poolings = ["mean", "max", "last"] as const;
export type Pooling = (typeof poolings)[number];
