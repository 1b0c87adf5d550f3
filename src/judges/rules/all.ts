/** The list of all rules. The decision uses their evidence; the judge's version is a hash over this list. */

import { asideRules, otherLanguageRule, reasonRule, stanceRule } from "./aside.ts";
import { complyRules } from "./comply.ts";
import { softRules } from "./deny.ts";
import { emptyRule } from "./empty.ts";
import { evadePhrases } from "./evade.ts";
import { hedgeRules } from "./hedge.ts";
import { loopRules } from "./loops.ts";
import { noiseRules } from "./noise.ts";
import { offTopicRule } from "./off-topic.ts";
import { partialRules } from "./partial.ts";
import { refuseRules } from "./refuse.ts";
import type { Rule } from "./rule.ts";

export const allRules: readonly Rule[] = [
  emptyRule,
  ...loopRules,
  ...noiseRules,
  ...refuseRules,
  ...softRules,
  ...partialRules,
  ...hedgeRules,
  ...evadePhrases,
  offTopicRule,
  ...asideRules,
  reasonRule,
  stanceRule,
  otherLanguageRule,
  ...complyRules,
];
