/**
 * Word lists. They hold closed word classes of English, which separate English prose from random words and other
 * languages.
 */
import type { Reading } from "./text.ts";

export const functionWords = new Set(
  (
    "a an the this that these those my your his her its our their some any no each every all both many much few " +
    "i you he she it we they me him us them who whom which what where when why how " +
    "is are was were be been being am has have had do does did can could will would shall should may might must " +
    "of in on at by for from with without to into onto over under about after before between through during until up out off " +
    "and or but nor so yet if because while although though since than as not also only just very too there here then when"
  ).split(" "),
);

const determiners = new Set("a an the my your his its our their".split(" "));
const notAfterDeterminer = new Set(
  "a an the of is are was were and or but to by for with it this to in on at".split(" "),
);
const prepositions = new Set("of into from with by for at".split(" "));
const notAfterPreposition = new Set("of is are was were and or but to at by".split(" "));

/** Whether two neighbouring words never stand next to each other in English: "the of", "with of", "and and". */
export function impossiblePair(first: string, second: string): boolean {
  if (determiners.has(first)) return notAfterDeterminer.has(second);
  if (prepositions.has(first)) return notAfterPreposition.has(second);
  return first === second && functionWords.has(first) && first !== "that" && first !== "had";
}

/** Frequent words of other languages in Latin letters that English does not share. */
const foreignWords = new Set(
  (
    "der das ein eine einen und ist nicht mit den dem von zu auf für sich wird auch es sind wurde im zum zur " +
    "le la les une des du est et dans que qui pour par sur avec sont il elle au aux ce cette " +
    "el los las es en por con se su más como del al lo una y pero para " +
    "di che per non della del sono più nel gli è uno " +
    "os um uma não com da dos ao são mas e o " +
    "het een van niet op voor zijn wordt dat deze och att det som är på på av"
  ).split(" "),
);

export const english = {
  /**
   * A text with a smaller share of function words does not count as English (English prose has 0.35 to 0.5, lists
   * less).
   */
  share: 0.1,
  /** A text with fewer words than this always counts as English. */
  words: 5,
};

/** How many words belong to another language in Latin letters. */
export function foreignCount(reading: Reading): number {
  return reading.words.filter((word) => foreignWords.has(word.text)).length;
}

const readable = new WeakMap<Reading, boolean>();

/** Whether the rules can read this text at all. Several rules ask, so the answer is kept. */
export function isEnglish(reading: Reading): boolean {
  const known = readable.get(reading);
  if (known !== undefined) return known;
  const english = looksEnglish(reading);
  readable.set(reading, english);
  return english;
}

function looksEnglish(reading: Reading): boolean {
  if (isForeignScript(reading.text)) return false;
  const inCode = reading.segments.some((segment) => segment.kind === "code");
  if (reading.words.length < english.words || inCode) return true;
  const known = reading.words.filter((word) => functionWords.has(word.text.replace(/'\w{1,2}$/, ""))).length;
  if (foreignCount(reading) > known) return false;
  return known / reading.words.length >= english.share;
}

/** Whether less than half of the letters are Latin. */
function isForeignScript(text: string): boolean {
  const other = text.match(/[^\P{L}a-zA-Z]/gu);
  if (other === null) return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin < letters / 2;
}
