/** The registry: a family is one file and one line. */
import type { Family } from "./family.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { llama } from "./llama.ts";

export const families: readonly Family[] = [
  llama, //
  gemma2,
  gemma3,
];

/** @throws RangeError for a name that is not in the registry */
export function familyNamed(name: string): Family {
  const family = families.find((known) => known.name === name);
  if (family === undefined) throw new RangeError(`familyNamed: expected a family's name, found ${name}`);
  return family;
}
