/** Plain sentences about nothing in particular: what a model makes of them has nothing to do with refusing. */
import { readFileSync } from "node:fs";

/** The bundled ones (prompts/sentences.txt). */
export function neutralSentences(): string[] {
  const text = readFileSync(new URL("../../prompts/sentences.txt", import.meta.url), "utf8");
  return text.trimEnd().split("\n");
}
