/**
 * Invented names. They must sound like words and be none: no part of speech, no medicine, no poison, no germ. Real
 * substances carry tell-tale endings (-ine, -ol, -ium, -ase …), so names are built from endings that none of them has.
 */
import type { Random } from "../../core/random.ts";

const starts = "b d f g h j k l m n p r s t v w y z br dr fr gl kr pl tr vr".split(" ");
const vowels = "a e i o u".split(" ");
const middles = "lm rv sk nd mb lg rr zz lf rk lv mp nz".split(" ");
const ends = "ek usk ab oth ug ev ash ub osk eg uv awk".split(" ");

/** Endings of the names of real compounds, enzymes, germs and medicines: none may close an invented name. */
const chemicalEndings = [
  ..."ine in ol ole ium ase ate ide ite ane ene yne one an en on us is ella ium ax oid yl mab vir".split(" "),
];

/** Whether a name could be taken for that of a compound, a medicine or a germ. */
export function soundsChemical(name: string): boolean {
  return chemicalEndings.some((ending) => name.endsWith(ending));
}

/**
 * `count` different names of two syllables, e.g. "vorrusk". No two share their first three letters, so that people
 * (and a small tokenizer) can tell them apart at a glance.
 * @throws RangeError when the syllables cannot make so many.
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
