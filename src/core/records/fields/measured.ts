/** A measured number that is read from a file. It must be finite, and small enough to compute with. */
import { z } from "zod";

/**
 * The largest magnitude that is accepted. Squares, sums and percentages of such numbers stay finite; nothing that Fathom
 * measures is as large.
 */
const most = 1e15;

export const measured = z.number().min(-most).max(most);
