/** `--dry-run`: the languages of the prompts. */
import { languagesOf, promptsByLanguage } from "../../audit/refusal/languages.ts";
import { contentOf } from "../../core/cluster.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { groupBy } from "../../stats/group.ts";

/** With `--json`: the number of prompts in each language; an empty object where they do not state theirs. */
export const languageCounts = (prompts: readonly Prompt[]): Record<string, number> =>
  Object.fromEntries(promptsByLanguage(prompts));

/** A row of a table, or none. */
export function languageRows(prompts: readonly Prompt[]): [string, string][] {
  const counts = promptsByLanguage(prompts);
  if (counts.size === 0) return [];
  const said = languagesOf(prompts).map((language) => `${language} ${counts.get(language)!}`);
  const contents = [...groupBy(prompts, contentOf).values()];
  const several = contents.filter((own) => new Set(own.map(({ language }) => language)).size > 1).length;
  const tied =
    counts.size === 1
      ? ""
      : several === 0
        ? "; no prompt is there in two languages (the same pair, tier and framing)"
        : `; ${several} of ${contents.length} contents are there in several languages`;
  return [["Languages", `${said.join(", ")} prompts${tied}`]];
}
