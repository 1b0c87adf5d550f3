/** A number in a file that is outside data: not only one that fits in a double, but one with which can be computed. */
import { z } from "zod";

/** Squares, sums and percentages of such numbers are finite, and far outside of what anything here measures. */
const most = 1e15;

export const measured = z.number().min(-most).max(most);
