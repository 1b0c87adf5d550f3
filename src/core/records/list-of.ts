/** What a file of ours once had one of, and now has a list of. */
import { z } from "zod";
import { reads } from "./written.ts";

/** A list in a file of ours. What was one thing or null, before there could be several, is a list of one or of none. */
export const listOf = <T extends z.ZodType>(item: T) =>
  reads(
    z.preprocess(
      (value) => (Array.isArray(value) ? (value as unknown[]) : value === null ? [] : [value]),
      z.array(item),
    ),
    z.union([item, z.array(item), z.null()]),
  );
