/** Reads fields that were one value in older files and are a list now. */
import { z } from "zod";
import { reads } from "./fields/written.ts";

/** A list. One value from an older file becomes a list of one; null becomes an empty list. */
export const listOf = <T extends z.ZodType>(item: T) =>
  reads(
    z.preprocess(
      (value) => (Array.isArray(value) ? (value as unknown[]) : value === null ? [] : [value]),
      z.array(item),
    ),
    z.union([item, z.array(item), z.null()]),
  );
