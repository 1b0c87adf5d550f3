/** The terms of art of the report: what each means, and how texts write it. */
export const meanings = {
  tier: "How near a topic is to a hazard, in the words of the prompt set. Nothing in the answer decides it.",
  cap: "The answer is judged at its first so many tokens.",
  interval:
    "The values that fit the data. If the whole audit were done again and again, intervals made like this would hold the true value in so many percent of the times.",
  wilson:
    "An interval of a rate that stays between 0% and 100% and is honest for few prompts and for rates near the ends.",
  newcombe: "An interval of the difference between two rates, made from Wilson's interval of each.",
  mcnemar:
    "A test of prompts that were asked twice. It counts only those whose answer changed: if nothing changed in truth, as many change one way as the other.",
  fisher: "An exact test of whether two groups of prompts are refused equally often.",
  bootstrap:
    "An interval made by drawing prompts again and again, with repeats, from those that were asked, and computing the number each time.",
  permutation:
    "What the number would be by chance: it is computed again and again with the labels, signs or features shuffled.",
  p: "How often chance alone would give a number as extreme as this one. Below 0.05 after correction counts as found.",
  holm: "Who asks many questions finds something by chance. Holm's correction asks more of each p value, so that all claims of a group together are wrong in at most 5% of audits.",
  gatekeeping:
    "Gatekeeping: the questions that headlines rest on are tested first, in a fixed order, and what refusals survive only if the model was found to refuse. Holm's correction holds inside each step.",
  signFlip:
    "A test of prompts that were asked twice: if nothing changed in truth, each difference is as likely to have the other sign.",
  binomial: "An exact test of a rate against a fixed one.",
  crossFitted: "Fitted on other prompts than those it is used on, so that it cannot fit its own noise.",
  eta: "The share of a number's variance that groups explain: 0 none, 1 all.",
  normalized: "Each answer's features are divided by their length, so that only their direction counts.",
  map: "The linear map from what answers say to the model's features that D is measured with.",
  cluster:
    "Prompts that belong together, such as a matched pair. They are no independent evidence, so they are drawn and tested together.",
  pair: "A hazardous prompt and a harmless one with the same wording otherwise.",
  prefill:
    "The first words of the answer are written by the audit, and the model goes on from there. A refusal that only the first words hold is gone then.",
  logOdds:
    "The logarithm of the odds p / (1 − p). 0 stands for 50%, +2 for about 88%, −2 for about 12%. A difference of 0.7 doubles the odds.",
  logistic: "A model of the odds of refusing, with each property's effect while the others stay the same.",
  sandwich: "An error of a fitted number that allows for prompts that belong together.",
  likelihood: "A test of whether a property makes the model fit better than chance would.",
  wald: "A test that divides a fitted number by its error.",
  kl: "Kullback–Leibler divergence: how far the next-token probabilities of one model are from those of another, in nats. 0 where they are the same.",
  sae: "Sparse autoencoder: it splits a model's internal state into features, most of them silent at any time, that can be read one by one.",
  fvu: "Fraction of variance unexplained: the part of the model's internal state that the SAE loses. 0 is perfect.",
  d: "Divergence between what the answer says and what the model's features show: 0 where they point the same way, 1 where they have nothing to do with each other.",
  residual: "The internal state that the model hands on from block to block, one vector for each token.",
  cohen: "A difference of two means, counted in standard deviations.",
} as const;

export type TermName = keyof typeof meanings;

/** How texts write each term. Of two that begin at the same place the first counts. */
const patterns: Partial<Record<TermName, RegExp>> = {
  wilson: /Wilson's interval/,
  newcombe: /Newcombe's(?: paired)? interval|Newcombe/,
  mcnemar: /McNemar(?:'s mid-p|'s test)?/,
  fisher: /Fisher's(?: exact)? test|Fisher/,
  interval: /\d+% interval/,
  bootstrap: /bootstrap/,
  permutation: /(?<!\.)(?:label permutation|permutation|shuffled features|flipped at random)/,
  signFlip: /\bsign-flip\b(?: tests?)?/,
  binomial: /\bbinomial test\b/,
  gatekeeping: /\bheadlines on (?:refusing|surviving|inside)\b/,
  crossFitted: /\bcross-fitted\b/,
  eta: /η²/,
  normalized: /\bL2-normalized\b/,
  map: /\bT(?= fitted)/,
  p: /\bp(?= = )/,
  holm: /\bHolm\b/,
  cluster: /\bclusters?\b/,
  pair: /\bmatched pairs?\b/,
  // Not inside an id.
  prefill: /(?<!\.)\bprefill\b(?!\.\w)/i,
  logOdds: /\blog-odds\b/,
  logistic: /\blogistic regression\b/,
  sandwich: /\bsandwich\b/,
  likelihood: /\blikelihood-ratio test\b/,
  wald: /\bWald's test\b/,
  kl: /\bKL\b/,
  sae: /\bSAEs?\b/,
  fvu: /\bFVU\b|fraction of variance unexplained/,
  d: /\bD\b(?!')/,
  residual: /\bresidual stream\b/,
  cohen: /\bCohen's d\b/,
};

export interface Piece {
  text: string;
  /** The term that the text is; null for the text between terms. */
  term: TermName | null;
}

/** A text in pieces, each term marked where it first stands. @param above terms that the reader met before */
export function termsIn(text: string, above: ReadonlySet<TermName> = new Set()): Piece[] {
  const marks = (Object.keys(patterns) as TermName[])
    .filter((term) => !above.has(term))
    .flatMap((term) => {
      const match = patterns[term]!.exec(text);
      return match === null ? [] : [{ term, from: match.index, to: match.index + match[0].length }];
    })
    .sort((a, b) => a.from - b.from);
  const pieces: Piece[] = [];
  let at = 0;
  for (const { term, from, to } of marks) {
    if (from < at) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), term: null });
    pieces.push({ text: text.slice(from, to), term });
    at = to;
  }
  return at === text.length ? pieces : [...pieces, { text: text.slice(at), term: null }];
}

/** For each text of a list: the terms that texts before it hold. */
export function termsAbove(texts: readonly string[]): ReadonlySet<TermName>[] {
  const met = new Set<TermName>();
  return texts.map((text) => {
    const above = new Set(met);
    for (const { term } of termsIn(text, above)) if (term !== null) met.add(term);
    return above;
  });
}
