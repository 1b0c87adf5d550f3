/**
 * Invents names. They must sound like words but not be words: not ordinary words, medicines, poisons or germs. Real
 * substances have typical endings (-ine, -ol, -ium, -ase …), so names are built from endings that no real substance
 * has.
 */
import type { Random } from "../../core/random.ts";

const starts = "b d f g h j k l m n p r s t v w y z br dr fr gl kr pl tr vr".split(" ");
const vowels = "a e i o u".split(" ");
const middles = "lm rv sk nd mb lg rr zz lf rk lv mp nz".split(" ");
const ends = "ek usk ab oth ug ev ash ub osk eg uv awk".split(" ");

/** Endings of real compounds, enzymes, germs and medicines. No invented name may end in one of them. */
const chemicalEndings = [
  ..."ine in ol ole ium ase ate ide ite ane ene yne one an en on us is ella ium ax oid yl mab vir".split(" "),
];

/** Whether a name could be mistaken for a compound, a medicine or a germ. */
export function soundsChemical(name: string): boolean {
  return chemicalEndings.some((ending) => name.endsWith(ending));
}

/**
 * Makes `count` different names of two syllables, e.g. "vorrusk". No two have the same first three letters, so that
 * people (and a small tokenizer) can tell them apart easily.
 * @throws RangeError if there are not enough syllables for that many names
 */
export function inventNames(count: number, rng: Random): string[] {
  const names: string[] = [];
  const taken = new Set<string>();
  const candidates = rng.shuffle(
    starts.flatMap((start) => vowels.flatMap((vowel) => middles.map((middle) => start + vowel + middle))),
  );
  for (const stem of candidates) {
    if (names.length === count) break;
    const prefix = stem.slice(0, 3);
    if (taken.has(prefix)) continue;
    taken.add(prefix);
    const fitting = ends.map((end) => stem + end).filter((name) => !soundsChemical(name));
    names.push(fitting[rng.integer(fitting.length)]!);
  }
  if (names.length < count)
    throw new RangeError(`inventNames: expected room for ${count} names, found ${names.length}`);
  return names;
}
