/**
 * The judge's name in every verdict: `rules@<revision>+<hash>`. The hash covers the data: names, outcomes, weights,
 * patterns, parameters, thresholds, word lists and the small model's weights. If a change of the code changes verdicts, the revision must be
 * raised by hand. The test over the hand-labelled answers fails until that is done.
 */
import { hashJson } from "../core/hash.ts";
import { thresholds } from "./decide.ts";
import { allRules } from "./rules/all.ts";
import { english } from "./rules/english.ts";
import { englishNegations, foreignWords, functionWords, sharedFunctionWords } from "./rules/lexicon.ts";
import { decided } from "./surface.ts";
import { bias, named, scale, words } from "./weigh/weights.ts";

const revision = 4;

export const judgeVersion = `rules@${revision}+${hashJson({
  rules: allRules.map((rule) => ({
    name: rule.name,
    outcome: rule.outcome,
    weight: rule.weight,
    ...(rule.kind === "phrase"
      ? { pattern: String(rule.pattern), unless: rule.unless === undefined ? null : String(rule.unless) }
      : { parameters: rule.parameters }),
  })),
  thresholds,
  english,
  functionWords: [...functionWords],
  sharedFunctionWords: [...sharedFunctionWords],
  englishNegations: [...englishNegations],
  foreignWords: [...foreignWords],
  decided,
  weights: { bias, named, scale, words },
}).slice(0, 12)}`;
