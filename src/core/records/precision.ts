/** The precision of a model's weights: float32, or rounded to 8 or 4 bits. It is part of the condition of every result. */
export const precisions = ["fp32", "int8", "int4"] as const;
export type Precision = (typeof precisions)[number];
