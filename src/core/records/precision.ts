/** How the weights of a model are multiplied: exactly, or rounded to 8 or 4 bits. A condition of every result. */
export const precisions = ["fp32", "int8", "int4"] as const;
export type Precision = (typeof precisions)[number];
