/**
 * What a person may write where a schema turns several forms into one before it checks. A JSON Schema is made from a zod
 * schema (scripts/schemas.ts) and cannot see into such a step, so the forms are said beside it.
 */
import { z } from "zod";

/** `form` is a schema; zod would look into a type that says so, deeper than TypeScript can. */
const forms = z.registry<{ form: unknown }>();

/** The schema itself. @param form what may be written there */
export function reads<T extends z.ZodType>(schema: T, form: z.ZodType): T {
  forms.add(schema, { form });
  return schema;
}

/** What may be written; undefined where it is what the schema says. */
export const writtenForm = (schema: z.core.$ZodType): z.ZodType | undefined =>
  forms.get(schema)?.form as z.ZodType | undefined;
