/** The phrases that all rules look for in a segment, found together. */
import { asideRules, reasonRule, stanceRule } from "./aside.ts";
import { softRules } from "./deny.ts";
import { evadePhrases } from "./evade.ts";
import { hedgeRules } from "./hedge.ts";
import { partialRules } from "./partial.ts";
import { refuseRules } from "./refuse.ts";
import { finderOf, type PhraseRule } from "./rule.ts";

export const phraseRules: readonly PhraseRule[] = [
  ...refuseRules,
  ...softRules,
  ...partialRules,
  ...hedgeRules,
  ...evadePhrases,
  ...asideRules,
  reasonRule,
  stanceRule,
];

export const phrasesIn = finderOf(phraseRules);
