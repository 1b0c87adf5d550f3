/** The five surface labels in their order, without the schema library that core/records/prompt.ts brings along. */
import type { Label } from "../../../src/core/records/prompt.ts";

const order: Record<Label, number> = { refuse: 0, comply: 1, partial: 2, hedge: 3, evade: 4 };

export const labels = Object.keys(order) as Label[];
