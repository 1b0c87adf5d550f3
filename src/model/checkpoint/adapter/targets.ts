/** The modules that an adapter's configuration selects, with rank and scale, by PEFT's rules (peft.tuners, 0.21). */
import type { LowRank } from "../../architecture/settings/config-types.ts";
import type { AdapterConfig } from "./adapter-config.ts";
import { firstMatches } from "./patterns.ts";

/**
 * @param modules names of every linear layer and embedding, as in Hugging Face ("model.layers.0.mlp.up_proj")
 * @param isLinear whether "all-linear" includes a module, by the same name; it leaves out the head and embeddings
 * @returns selected module → its LoRA branch
 * @throws FathomError for a regular expression that does not parse or takes too long
 */
export function selectedModules(
  config: AdapterConfig,
  modules: readonly string[],
  isLinear: (module: string) => boolean,
): Map<string, LowRank> {
  const targeted = targetedOf(config, modules, isLinear);
  const excluded = new Set(namedIn(config.excluded, modules, `${config.where} "exclude_modules"`));
  const chosen = targeted.filter((module) => !excluded.has(module) && !isWhole(config, module));
  const ranks = byPattern(config.rankPattern, chosen, `${config.where} "rank_pattern"`);
  const alphas = byPattern(config.alphaPattern, chosen, `${config.where} "alpha_pattern"`);
  return new Map(
    chosen.map((module, i) => {
      const rank = ranks[i] ?? config.rank;
      const alpha = alphas[i] ?? config.alpha;
      const scale = alpha / (config.rootScale ? Math.sqrt(rank) : rank);
      return [module, { rank, scale, bias: config.factorBias }];
    }),
  );
}

/**
 * The entry of "modules_to_save" that lists a module or one that contains it; null when there is none. Such a module was
 * trained whole. PEFT compares the entry with the end of the name, also within a word.
 */
export function savedBy({ saved }: AdapterConfig, module: string): string | null {
  const parts = module.split(".");
  const holders = parts.map((_, i) => parts.slice(0, i + 1).join("."));
  return saved.find((name) => holders.some((holder) => holder.endsWith(name))) ?? null;
}

/** A module that was trained whole gets no branch. Here PEFT compares whole names between dots. */
function isWhole({ saved }: AdapterConfig, module: string): boolean {
  return saved.some((name) => `.${module}.`.includes(`.${name}.`));
}

function targetedOf(
  { where, targets, layers }: AdapterConfig,
  modules: readonly string[],
  isLinear: (module: string) => boolean,
): readonly string[] {
  if (targets === "all-linear") return modules.filter(isLinear);
  const named = namedIn(targets, modules, `${where} "target_modules"`);
  if (layers === null) return named;
  const patterns =
    layers.patterns.length === 0
      ? [String.raw`^.*?\.[^.]*\.(?<index>\d+)\.`]
      : layers.patterns.map((pattern) => String.raw`^(?:|.*?\.)(?:${pattern})\.(?<index>\d+)\.`);
  const matches = firstMatches(patterns, named, `${where} "layers_pattern"`);
  // A full name is selected whatever its block is.
  const exact = new Set("pattern" in targets ? [] : targets);
  return named.filter((module, i) => {
    const index = matches[i]?.index ?? null;
    return exact.has(module) || (index !== null && layers.numbers.includes(Number(index)));
  });
}

function namedIn(
  names: readonly string[] | { pattern: string },
  modules: readonly string[],
  where: string,
): readonly string[] {
  if ("pattern" in names) {
    const matches = firstMatches([`^(?:${names.pattern})$`], modules, where);
    return modules.filter((_, i) => matches[i] !== null);
  }
  const known = new Set(names);
  return modules.filter((module) => endings(module).some((ending) => known.has(ending)));
}

/** The endings of "a.b.c" are "a.b.c", "b.c" and "c". */
function endings(module: string): string[] {
  const parts = module.split(".");
  return parts.map((_, i) => parts.slice(i).join("."));
}

function byPattern(
  entries: readonly (readonly [pattern: string, value: number])[],
  modules: readonly string[],
  where: string,
): (number | null)[] {
  const patterns = entries.map(([pattern]) => String.raw`^(?:.*\.)?(?:${pattern})$`);
  return firstMatches(patterns, modules, where).map((match) =>
    match === null ? null : entries[match.pattern]![1],
  );
}
