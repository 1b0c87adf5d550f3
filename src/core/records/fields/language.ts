/** A language as a short tag of BCP 47: a language, and where it matters a script and a region, e.g. en, zh-Hans, pt-BR. */
import { z } from "zod";

export const languageSchema = z.string().regex(/^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?$/);

/** The same as people write it. */
export const writtenLanguageSchema = z
  .string()
  .regex(/^[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?$/);

/** The tag with its letters as they are usually written ("ZH-hans" is "zh-Hans"), so that one language has one name; null if it is no tag. */
export function languageOf(text: string): string | null {
  const [language, ...others] = text.replaceAll("_", "-").toLowerCase().split("-");
  const tag = [
    language,
    ...others.map((part) =>
      part.length === 4 ? part[0]!.toUpperCase() + part.slice(1) : part.toUpperCase(),
    ),
  ].join("-");
  return languageSchema.safeParse(tag).success ? tag : null;
}
