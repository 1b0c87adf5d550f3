/**
 * Data from outside is parsed once, where it enters. A value that does not fit its schema becomes a one-line error that says
 * where.
 */
import type { z } from "zod";
import { badInput } from "./errors.ts";

/** @throws FathomError naming the place and the key of the first value that does not fit */
export function parseRecord<T>(schema: z.ZodType<T>, value: unknown, where: string, hint: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join(".");
  throw badInput(key === "" ? where : `${where} ${key}`, issue.message, "something else", hint);
}
