/** The registry of families. A family is one file, and one line here. */
import type { Family } from "./family.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { gemma4 } from "./gemma4.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { olmo2 } from "./olmo2.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

export const families: readonly Family[] = [
  llama, //
  mistral,
  qwen2,
  qwen3,
  phi3,
  gemma2,
  gemma3,
  gemma4,
  olmo2,
];

/** @throws RangeError for a name that is not in the registry */
export function familyNamed(name: string): Family {
  const family = families.find((known) => known.name === name);
  if (family === undefined) throw new RangeError(`familyNamed: expected a family's name, found ${name}`);
  return family;
}
