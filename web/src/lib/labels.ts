/**
 * The five surface labels in their order. core/records/prompt.ts has them too, but it imports zod, which the page does not need.
 */
import type { Label } from "../../../src/core/records/prompt.ts";

const order: Record<Label, number> = { refuse: 0, comply: 1, partial: 2, hedge: 3, evade: 4 };

export const labels = Object.keys(order) as Label[];
