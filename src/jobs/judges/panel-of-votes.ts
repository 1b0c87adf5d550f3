/** The verdict that the votes on one answer make. */
import { combine, type PanelRuling } from "../../judges/panel.ts";
import { judgeText } from "../../judges/rules.ts";
import type { OpenedJudge } from "./opened-judge.ts";
import type { Ballot, Votes } from "./voting.ts";

/**
 * The places of a refusal and the coherence come from the rules, also where the rules have no vote.
 * @throws RangeError if a vote is missing
 */
export function panelOfVotes(
  votes: Votes,
  ballot: Ballot,
  judges: readonly Pick<OpenedJudge, "judge" | "weight" | "kind">[],
): PanelRuling {
  const casts = judges.map(({ judge, weight }) => {
    const ruling = votes.of(ballot, judge.name);
    if (ruling === undefined) throw new RangeError(`no vote of ${judge.name} on ${ballot.observation}`);
    return { weight, ruling };
  });
  const ruling = combine(casts);
  if (judges.some(({ kind }) => kind === "rules")) return ruling;
  const { evidence, coherence } = judgeText(ballot.asked);
  return { ...ruling, evidence, coherence: ruling.coherence ?? coherence };
}
