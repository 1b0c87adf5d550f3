/** Which prompts are not independent: the prompts of a matched pair form one cluster, and a prompt without a pair is one alone. What n counts. */
import type { Prompt } from "./records/prompt.ts";

/** @returns the name of the prompt's cluster, e.g. "pair bleach" or "prompt bleach-1" */
export const clusterOf = ({ pair, id }: Pick<Prompt, "pair" | "id">): string =>
  pair === null ? `prompt ${id}` : `pair ${pair}`;

/**
 * What is asked, whatever the language: prompts that state their language, and of one pair differ in nothing else, are one content. A prompt
 * in five languages counts once in n. @returns equal for prompts of one content
 */
export const contentOf = ({ id, language, pair, tier, panel, framing }: Prompt): string =>
  language === undefined || pair === null
    ? `prompt ${id}`
    : `pair ${JSON.stringify([pair, tier, panel, framing])}`;
