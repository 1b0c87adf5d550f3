/** How a feature's values on an answer's tokens become one number. Only response tokens count, never those of the template. */
export const poolings = ["mean", "max", "last"] as const;
export type Pooling = (typeof poolings)[number];
