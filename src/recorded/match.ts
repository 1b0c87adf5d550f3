/** Finds the prompt of each recorded answer: by the record's id, or by the exact text of the user's turn and of the turns before it, where the record has them. */
import { badInput } from "../core/errors.ts";
import { canonicalJson } from "../core/hash.ts";
import { type Prompt, promptSchema } from "../core/records/prompt.ts";
import { type PromptSet, promptsIn } from "../prompts/load.ts";
import { given, type Row, shown } from "../prompts/rows/fields.ts";
import type { RecordedUnit } from "./recording.ts";

/** A recorded answer and its prompt. */
export interface Matched {
  prompt: Prompt;
  unit: RecordedUnit;
}

/**
 * @param prompts the whole set, as it was read
 * @returns one item per answer, in their order
 * @throws FathomError for an answer to no prompt of the set, and for one that fits two prompts
 */
export function matched(
  { name, prompts }: Pick<PromptSet, "name" | "prompts">,
  units: readonly RecordedUnit[],
): Matched[] {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const byText = new Map<string, Prompt[]>();
  for (const prompt of prompts) byText.set(prompt.prompt, [...(byText.get(prompt.prompt) ?? []), prompt]);
  const promptOf = ({ where, id, prompt: text, turns }: RecordedUnit): Prompt | null => {
    const named = byId.get(id);
    const isBehind = (prompt: Prompt): boolean =>
      turns === null || canonicalJson([...turns]) === canonicalJson(prompt.turns ?? []);
    // Ids such as 1, 2, 3 may be of another set, so texts that are known must be the same.
    if (named !== undefined && (text === null || text === named.prompt) && isBehind(named)) return named;
    const same = text === null ? [] : (byText.get(text) ?? []).filter(isBehind);
    if (same.length > 1)
      throw badInput(
        `${where}: prompt`,
        "a text that one prompt has, or the prompt's id",
        `the text of ${same.map((one) => shown(one.id)).join(" and ")}`,
        "the ids of the prompt set in the file",
      );
    return same[0] ?? null;
  };
  const found = units.map((unit) => ({ prompt: promptOf(unit), unit }));
  const lost = found.filter(({ prompt }) => prompt === null);
  const [first] = lost;
  if (first !== undefined)
    throw badInput(
      `${first.unit.where}: id`,
      `the id${first.unit.prompt === null ? "" : " and text, or the text,"} of a prompt of ${name}`,
      `${shown(first.unit.id)}${byId.has(first.unit.id) ? " with another text" : ""}${lost.length === 1 ? "" : `, and ${lost.length - 1} more answers without a prompt`}`,
      "--prompts with the set that the answers are to",
    );
  return found.map(({ prompt, unit }) => ({ prompt: prompt!, unit }));
}

/**
 * The prompts that the records themselves hold.
 * @param path the file of the records
 * @throws FathomError if a record lacks prompt or tier, or if two records of one id hold two prompts
 */
export function promptsOfRecords(path: string, units: readonly RecordedUnit[]): Omit<PromptSet, "sha256"> {
  const lines = new Map<string, Row>();
  for (const { where, id, prompt, turns, fields } of units) {
    const lacks = [
      ...(prompt === null ? ["prompt"] : []),
      ...(given({ where, fields }, "tier") === undefined ? ["tier"] : []),
    ];
    if (lacks.length > 0)
      throw badInput(
        `${where}: ${lacks.join(", ")}`,
        "prompt and tier beside each answer, or --prompts",
        `no ${lacks.join(" and no ")}`,
        "--prompts with the set that the answers are to",
      );
    const said = turns === null || turns.length === 0 ? {} : { turns: turns.map((turn) => ({ ...turn })) };
    const kept = Object.entries(fields).filter(([field]) => field in promptSchema.shape);
    const row = { where, fields: { ...Object.fromEntries(kept), id, prompt, ...said } };
    const known = lines.get(id);
    if (known === undefined) lines.set(id, row);
    else if (canonicalJson(known.fields as never) !== canonicalJson(row.fields))
      throw badInput(`${where}: id`, `the prompt and tier of ${shown(id)} at ${known.where}`, "others");
  }
  return { name: path, ...promptsIn([...lines.values()]) };
}
