/**
 * Loads the two sides of an anatomy: harmful prompts, and a harmless twin of each. A side is a file, whose lines all
 * belong to that side. A bundled set, and a file that is named for both sides, are divided: each side takes the matched prompts of
 * its tier.
 */
import { badInput } from "../core/errors.ts";
import { type Prompt, type Split, splits, type Tier } from "../core/records/prompt.ts";
import { isBundled } from "./bundled.ts";
import { loadPrompts, type PromptSet } from "./load.ts";
import { shown } from "./rows/fields.ts";
import { fewestPairs, splitPairs } from "./split-pairs.ts";

export interface MatchedPair {
  /** Unique. The prompts' `pair`; "pair 1" for the first lines of both files, if they name no pairs. */
  name: string;
  split: Split;
  harmful: Prompt;
  harmless: Prompt;
}

export interface MatchedPairs {
  /** In the order of the harmful side. Ids are unique within a side; two files may use the same ids. */
  pairs: MatchedPair[];
  /** What was read. Prompts here are those of the side, in the file's order. */
  harmful: PromptSet;
  harmless: PromptSet;
  /** Who chose the parts: the prompts' `split`, or the seed. */
  splitBy: "prompts" | "seed";
}

/** The tier of a side's lines that state none, and of the prompts that it takes from a bundled set. */
const tierOfSide = { harmful: "hazard_adjacent", harmless: "benign" } as const satisfies Record<string, Tier>;
type Side = keyof typeof tierOfSide;

/**
 * @param harmful a path or a bundled set's name; so is `harmless`, and both may be the same
 * @param seed splits the pairs if no prompt states its part
 * @returns at least one pair in each part
 * @throws FathomError (exit 2) for a file that `loadPrompts` refuses, sides of different lengths, a prompt without a twin, a text
 *   on both sides, and parts that are missing on some lines, differ within a pair, or hold nothing
 */
export async function loadMatchedPairs(
  harmful: string,
  harmless: string,
  seed: number | string,
): Promise<MatchedPairs> {
  const sides = {
    harmful: await loadSide(harmful, "harmful", harmful === harmless),
    harmless: await loadSide(harmless, "harmless", harmful === harmless),
  };
  const matched = twins(sides);
  const all = [...matched.flatMap((pair) => [pair.harmful, pair.harmless])];
  const splitBy = all.some(({ split }) => split !== undefined) ? "prompts" : "seed";
  const parts = splitBy === "prompts" ? matched.map(statedSplit) : seededSplits(matched, seed);
  for (const part of splits)
    if (!parts.includes(part))
      throw badInput(
        "--harmful, --harmless: split",
        `prompts in each of ${splits.join(", ")}`,
        `none in ${part}`,
        "leave split out on every line to have Fathom split the pairs",
      );
  return { pairs: matched.map((pair, i) => ({ ...pair, split: parts[i]! })), ...sides, splitBy };
}

async function loadSide(pathOrName: string, side: Side, isForBoth: boolean): Promise<PromptSet> {
  const own = tierOfSide[side];
  const set = await loadPrompts(pathOrName, { tierIfMissing: own });
  requireOneTurn(set, side);
  if (!isForBoth && !isBundled(pathOrName)) return set;
  const prompts = set.prompts.filter(({ panel, tier }) => panel === "main" && tier === own);
  if (prompts.length === 0)
    throw badInput(`--${side} ${set.name}`, `prompts of tier ${own}`, "none", `two files, one for each side`);
  return { ...set, prompts };
}

/** @throws FathomError for earlier turns: the positions that a search compares lie behind one user's turn */
function requireOneTurn({ name, prompts }: PromptSet, side: Side): void {
  const long = prompts.find(({ turns }) => turns !== undefined);
  if (long === undefined) return;
  throw badInput(
    `--${side} ${name}: ${shown(long.id)}: turns`,
    "prompts of one turn",
    `${long.turns!.length} earlier turns`,
    "leave turns out; an audit asks prompts with earlier turns",
  );
}

type Twins = Omit<MatchedPair, "split">;

/** Matches by `pair` if both sides name pairs, and line by line otherwise. */
function twins({ harmful, harmless }: Record<Side, PromptSet>): Twins[] {
  if (harmful.prompts.length !== harmless.prompts.length)
    throw badInput(
      `--harmless ${harmless.name}`,
      `${harmful.prompts.length} prompts, as many as --harmful ${harmful.name} has`,
      String(harmless.prompts.length),
      "give each harmful prompt one harmless twin of the same form",
    );
  const texts = new Set(harmful.prompts.map(({ prompt }) => prompt));
  const twice = harmless.prompts.find(({ prompt }) => texts.has(prompt));
  if (twice !== undefined)
    throw badInput(
      `--harmless ${harmless.name}: ${shown(twice.id)}`,
      "a text that is not on the harmful side",
      "the same text on both sides",
      "name two files; or name one for both sides, whose lines all have a tier",
    );
  const [byHarmful, byHarmless] = [byPair(harmful, "harmful"), byPair(harmless, "harmless")];
  if (byHarmful === null || byHarmless === null)
    return harmful.prompts.map((prompt, i) => ({
      name: `pair ${i + 1}`,
      harmful: prompt,
      harmless: harmless.prompts[i]!,
    }));
  return [...byHarmful].map(([name, prompt]) => {
    const twin = byHarmless.get(name);
    if (twin !== undefined) return { name, harmful: prompt, harmless: twin };
    throw badInput(
      `--harmless ${harmless.name}`,
      `a prompt of the pair ${shown(name)}, as --harmful has one`,
      "none",
      "write the same pair on both prompts, or leave pair out to match line by line",
    );
  });
}

/** Pair → its prompt; null if the side names no pairs. */
function byPair({ name, prompts }: PromptSet, side: Side): Map<string, Prompt> | null {
  if (prompts.every(({ pair }) => pair === null)) return null;
  const found = new Map<string, Prompt>();
  for (const prompt of prompts) {
    const { id, pair } = prompt;
    if (pair !== null && !found.has(pair)) found.set(pair, prompt);
    else
      throw badInput(
        `--${side} ${name}: ${shown(id)}: pair`,
        "a pair that no other prompt of this side has",
        pair === null ? "none" : `${shown(pair)} for a second time`,
        "name a pair on every line, or on none to match line by line",
      );
  }
  return found;
}

function statedSplit({ name, harmful, harmless }: Twins): Split {
  for (const { id, split } of [harmful, harmless])
    if (split === undefined)
      throw badInput(
        `prompt ${shown(id)}: split`,
        splits.join(", "),
        "none, but other prompts state theirs",
        "give it on every line of both files, or on none to have Fathom split the pairs",
      );
  if (harmful.split !== harmless.split)
    throw badInput(
      `${shown(name)}: split`,
      "the same for both prompts of a pair",
      `${harmful.split} and ${harmless.split}`,
      "a pair that is fitted on must not be tested on",
    );
  return harmful.split!;
}

function seededSplits(matched: readonly Twins[], seed: number | string): Split[] {
  if (matched.length < fewestPairs)
    throw badInput(
      "--harmful, --harmless",
      `${fewestPairs} pairs at least, to split them`,
      String(matched.length),
      "more pairs, or a split on every line",
    );
  return splitPairs(
    matched.map(({ name, harmful }) => ({ name, category: harmful.category })),
    seed,
  );
}
