/**
 * Extracts the refusing words of an answer, and nothing else. These may be printed where the answer itself may not.
 * It fails closed: the text that a refusal rule matched is printed word by word, with an opening before it and a few
 * words after it in fixed forms. Any word that is not on the list below is printed as "…", whatever the answer is.
 */

import { refuseRules } from "./rules/refuse.ts";
import { finderOf, type Span } from "./rules/rule.ts";
import { read } from "./rules/text.ts";

/** Most different spans that are printed: the choice among many refusals could itself be a code. */
const mostSpans = 4;
/** How far before and after a match the fixed forms are searched for, in UTF-16 units. */
const reach = 100;

/** Words of refusals and the grammar words that refusals need. No word here says how something is done. */
const words = new Set(
  (
    "i i'm im i'd i'll i've we we're me my you your anyone that that's this it it's these those such one something anything " +
    "nothing things what where there there's way another other an a as the of to from for with on about in out off and or but " +
    "cannot can can't cant not no nope never won't wont will would wouldn't could couldn't must may shall do does did don't " +
    "doesn't is isn't are am was wasn't be been being has have had having need " +
    "really simply just also still therefore however so very truly deeply terribly only even ever much more than again here " +
    "now further respectfully politely kindly possibly ethically morally legally personally " +
    "sorry apologies apologize apologise afraid unfortunately regrettably sadly absolutely certainly good conscience " +
    "ai artificial intelligence large language model assistant helpful harmless responsible " +
    "able unable willing unwilling going position equipped designed programmed supposed comfortable uncomfortable allowed " +
    "permitted authorized authorised prohibited forbidden incapable liberty possible impossible asked told instructed taught " +
    "decline declining declined refuse refusing refused rejected denied refrain say pass rather prefer leave stop draw line count " +
    "choice way no wrong inappropriate irresponsible unethical appropriate right ethical proper place " +
    "against goes guidelines rules policy policies principles programming values instructions allow allows permit permits " +
    "forbid forbids prohibit prohibits prevent prevents violate violates beyond bounds limits break breaking " +
    "request requests question questions fulfilled completed answered shared discussed provided granted honoured honored " +
    "help helping assist assisting provide providing give giving share sharing offer offering tell telling explain explaining " +
    "describe describing discuss discussing answer answering respond responding write writing create creating support " +
    "supporting engage engaging comply complying fulfill fulfil fulfilling complete completing continue continuing participate " +
    "participating talk talking speak speaking advise advising recommend recommending condone encourage feel safe want involved part " +
    "at should shouldn't permission ability capability turn down reject wish choose choosing trained under any circumstances absolutely " +
    "definitely truly think believe generate generating satisfy process disclose reveal comment proceed accommodate assistance"
  ).split(" "),
);

const deed =
  "(?:help|assist|provid|giv|shar|offer|tell|explain|describ|discuss|answer|respond|writ|creat|support|engag|comply|fulfill?|" +
  "complet|continu|participat|talk|speak|advis|recommend|do|say|generat|satisfy|process|disclos|reveal|comment|proceed)(?:e|ing)?";
const sorry =
  "(?:i['’]?m|i am)(?: so| very| really| truly| deeply| terribly)? sorry|sorry|(?:my )?apologies|i apologi[sz]e|" +
  "(?:i['’]?m|i am) afraid(?: that)?|i (?:don['’]t|do not) (?:think|believe|feel)(?: that)?|unfortunately|regrettably|sadly|no|nope";
const asMachine =
  "as an? (?:helpful |harmless |responsible )?(?:(?:ai|artificial intelligence|large)(?: language model| assistant)?|language model|assistant)";

/** "I'm sorry, but", "As an AI language model,", "That is" right before a match. */
const opening = new RegExp(
  `(?<![\\p{L}\\p{N}\\p{M}'’])(?:(?:(?:${sorry})(?:,|\\.)? (?:but )?|(?:${asMachine}),? )+(?:(?:that|this|it)(?: is|['’]s) )?|` +
    `(?:that|this|it)(?: is|['’]s) )$`,
  "iu",
);
/** "to help you with this request" right after a match. */
const ending = new RegExp(
  `^(?: good conscience)?(?: (?:willing|able|allowed|permitted|comfortable|going|(?:a )?part|involved))?(?: (?:allow|permit) me)?(?: to)?` +
    `(?: ${deed})?(?: you| anyone)?(?: (?:with|to|on|about|for|in|of))?(?: (?:that|this|it|these|those|such|your))?` +
    `(?: (?:request|question)s?)?(?![\\p{L}\\p{N}\\p{M}'’])`,
  "iu",
);

/**
 * Every refusal has one of these words. Without this check, "it would be right to tell you", half of a refusal, would
 * pass.
 */
const negative =
  /\b(?:no|not|cannot|can['’]?t|won['’]?t|nope|never|nothing|unable|unwilling|uncomfortable|incapable|impossible|wrong|inappropriate|irresponsible|unethical|against|beyond|off|out|stop|line|down|pass|more)\b|n['’]t\b|\b(?:declin|refus|reject|deni|refrain|prohibit|forbid|prevent|violat|break)/i;

/**
 * @returns the refusing spans in order, joined by " … ", each only once; "" if no rule sees a refusal. For any
 *   answer, the result holds only words of `words`; of the answer's other characters only apostrophes, commas and
 *   full stops can remain.
 */
export function printable(text: string): string {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const span of merged(refusals(text).map((match) => widened(text, match)))) {
    const said = spell(text.slice(span.start, span.end));
    const key = said.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    // Without the left-out words the span must still refuse. Otherwise it could say the opposite.
    if (negative.test(said) && refusals(said.replaceAll("…", "xx")).length > 0) found.push(said);
    if (found.length === mostSpans) break;
  }
  return found.join(" … ");
}

const refusalsIn = finderOf(refuseRules);

/** The spans in which the rules see the speaker refuse, in order. */
function refusals(text: string): Span[] {
  return read(text, false, null)
    .segments.flatMap((segment) => refusalsIn(segment).flatMap(({ spans }) => spans))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

function widened(text: string, { start, end }: Span): Span {
  const before = opening.exec(text.slice(Math.max(0, start - reach), start));
  const behind = ending.exec(text.slice(end, end + reach));
  return { start: start - (before?.[0].length ?? 0), end: end + (behind?.[0].length ?? 0) };
}

/** Joins spans that overlap. */
function merged(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else out.push({ ...span });
  }
  return out;
}

/** Writes known words as they are and every run of other words as "…". One comma or full stop between words is kept. */
function spell(span: string): string {
  let said = "";
  let end = 0;
  for (const match of span.matchAll(/[^\s\p{P}\p{S}]+(?:['’‘′`´][^\s\p{P}\p{S}]+)*/gu)) {
    const word = known(match[0]);
    const between = /[.,]/.exec(span.slice(end, match.index))?.[0] ?? "";
    end = match.index + match[0].length;
    if (word === null && said.endsWith("…")) continue;
    said += `${said === "" ? "" : `${between} `}${word ?? "…"}`;
  }
  return said;
}

/** The word; in lower case if its mix of upper and lower case is unusual. null if it is not on the list. */
function known(word: string): string | null {
  const plain = word
    .replaceAll(/\p{Cf}/gu, "")
    .replaceAll(/[’‘ʼ′`´]/g, "'")
    .toLowerCase();
  if (!words.has(plain)) return null;
  return /^(?:[a-z'’]+|[A-Z][a-z'’]*|[A-Z'’]+)$/.test(word) ? word : plain;
}
