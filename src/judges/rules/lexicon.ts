/**
 * Word lists. They hold closed word classes of English, which separate English prose from random words and other
 * languages.
 */
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

/** Function words that are also words of other languages in Latin letters. They are no sign of English. */
export const sharedFunctionWords = new Set(
  "a i no me so to do on at an in is for as am was will had over under up or if may we her he all by are us".split(
    " ",
  ),
);

/** Words that decline in English and in no other language. They are signs of English, beside the function words. */
export const englishNegations = new Set(
  "cannot can't don't doesn't didn't won't isn't aren't wasn't wouldn't couldn't shouldn't".split(" "),
);

/** Frequent words of other languages in Latin letters that English does not share. */
export const foreignWords = new Set(
  (
    "der das ein eine einen und ist nicht mit den dem von zu auf für sich wird auch es sind wurde im zum zur " +
    "ich wie sie wir kann kein keine dass oder aber leider tut mir bei aus nach warum wann dieser diese dieses ihr " +
    "le la les une des du est et dans que qui pour par sur avec sont il elle au aux ce cette " +
    "je ne pas vous nous mais ou ses mon votre cela désolé comment pourquoi quoi " +
    "el los las es en por con se su más como del al lo una y pero para " +
    "puedo esa ese esta este qué cómo muy siento eso ayudar " +
    "di che per non della del sono più nel gli è uno mi dispiace posso questa questo ma anche " +
    "os um uma não da dos ao são mas e o desculpe mais isso este essa seu sua você " +
    "het een van niet op voor zijn wordt dat deze en ik maar kan u om te " +
    "och det som är på av jag inte ett til jeg ikke og med sig den af hvad " +
    "nie jest się na z w że czy jak ale nebo jsem jako není ve ktorý " +
    "az egy és nem hogy ez ja ei että olen mutta ovat " +
    "bir ve bu için ama değil ile nu este și sau în pentru din " +
    "yang dan untuk tidak saya dengan ini itu adalah pada dari maaf bisa anda " +
    "ang ng sa hindi mga ako ay kung naman ni kwa wa katika hii lakini " +
    "không tôi của và là agus ach els amb però això"
  ).split(" "),
);

/** Abbreviations without a vowel that occur in prose. */
const vowelless = new Set(
  "mr mrs ms dr st vs km cm mm kg ml tv pm hr ft lb nd rd th ph tsp tbsp pdf html css".split(" "),
);
/** A longer run of letters is no word. */
export const longestWord = 32;

/** Whether a word has no vowel, or a run of letters that no word has. */
export function isBroken(text: string): boolean {
  return (
    text.length > longestWord ||
    (text.length > 1 && !/[aeiouy\d\u00c0-\u024f]/.test(text) && !vowelless.has(text)) ||
    /[bcdfghjklmnpqrstvwxz]{6}|(\p{L})\1\1/u.test(text)
  );
}

/** Words that say nothing of a subject, beside the function words. */
const alsoFunction = new Set("having doing does did then best way good easiest steps take".split(" "));
/** Words that begin with the same letters, this many, count as one subject. */
export const stemLength = 5;

/** The stems of a text in lower case that carry meaning, one per word of ASCII letters and digits, in order. */
export function stemsOf(text: string): string[] {
  const words = text.match(/[a-z0-9]+/g) ?? [];
  return words
    .filter((word) => word.length > 2 && !functionWords.has(word) && !alsoFunction.has(word))
    .map((word) => word.slice(0, stemLength));
}
