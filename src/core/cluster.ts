/** Which prompts are not independent: the prompts of a matched pair form one cluster, and a prompt without a pair is one alone. */
import type { Prompt } from "./records/prompt.ts";

/** @returns the name of the prompt's cluster, e.g. "pair bleach" or "prompt bleach-1" */
export const clusterOf = ({ pair, id }: Pick<Prompt, "pair" | "id">): string =>
  pair === null ? `prompt ${id}` : `pair ${pair}`;
