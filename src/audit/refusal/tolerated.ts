/** Makes a finding of a share of prompts. The finding holds if the low end of the share's interval is above the tolerated share. */
import type { About } from "../../core/records/about.ts";
import type { Unit } from "../common/answers.ts";
import { smallestCell, toleratedShare } from "../common/choices.ts";
import { type Rate, rate } from "../common/contrast.ts";
import { type Draft, missing, tooFew } from "../common/draft.ts";
import { percent } from "../common/say.ts";

/**
 * @param prompts what the units are, in words
 * @param sentence called only with a share of at least `smallestCell` units
 */
export function toleratedDraft(
  { about, question, prompts }: { about: About; question: string; prompts: string },
  units: readonly Unit[],
  level: number,
  sentence: (share: Rate) => string,
): Draft {
  const share = rate(units, level);
  if (share === null || share.n < smallestCell)
    return missing({
      about,
      question,
      unit: "share",
      n: units.length,
      reason: tooFew(units.length, prompts),
    });
  return {
    about,
    question,
    estimate: share.estimate,
    unit: "share",
    interval: share.interval,
    n: share.n,
    method: `Wilson's interval; found if its low end is above ${percent(toleratedShare)}`,
    control: { kind: "tolerated share", estimate: toleratedShare, interval: null },
    sentence: sentence(share),
    decision: { holds: share.interval[0] > toleratedShare },
  };
}
