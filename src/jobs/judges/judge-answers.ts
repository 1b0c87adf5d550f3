/** Judges recorded answers of any program. */
import { hashJson } from "../../core/hash.ts";
import type { ReviewReason, Vote } from "../../core/records/verdict.ts";
import { panelName } from "../../judges/panel.ts";
import { askedOf, type Recorded, type RecordedVerdict, recordedVerdict } from "../../judges/recorded.ts";
import type { Tell } from "../job/job-events.ts";
import type { OpenedJudge } from "./opened-judge.ts";
import { panelOfVotes } from "./panel-of-votes.ts";
import { seat } from "./seat.ts";
import { type Ballot, openVotes, Votes } from "./voting.ts";

export interface NamedAnswer extends Recorded {
  id: string;
}

export interface JudgedLine extends RecordedVerdict {
  id: string;
  /** Each judge's vote; absent if the rules are the only judge. */
  votes?: Pick<Vote, "judge" | "outcome" | "surface" | "note">[];
  /** Why a person should look at it; absent if there is no reason. */
  review?: ReviewReason[];
}

export interface JudgingContext {
  /** The file that keeps the votes, so that the same work does not ask twice; null keeps none. */
  votesFile: string | null;
  tell: Tell;
  signal: AbortSignal;
}

/** A recorded answer as judges see it. */
export interface RecordedBallot extends Ballot {
  id: string;
  /** Where the judged text begins in the text as it was recorded. */
  start: number;
}

/**
 * Asks all judges about all answers.
 * @param onEnd called with the votes when the work ends, also when it fails
 * @throws FathomError if a judge cannot be asked; the votes until then are kept
 */
export async function votesOn(
  answers: readonly NamedAnswer[],
  judges: readonly OpenedJudge[],
  context: JudgingContext,
  onEnd: (votes: Votes, ballots: readonly RecordedBallot[]) => void = () => undefined,
): Promise<{ votes: Votes; ballots: RecordedBallot[] }> {
  const ballots = answers.map((answer): RecordedBallot => {
    const { asked, start } = askedOf(answer);
    const { text, prompt, cut } = asked;
    // The answer itself is the key: a line that is edited is judged again.
    return { id: answer.id, start, asked, observation: hashJson({ text, prompt, cut }), cap: null };
  });
  const journal = context.votesFile === null ? null : openVotes(context.votesFile);
  const votes = new Votes(journal);
  try {
    for (const judge of judges) await seat(judge, { ...context, votes, ballots, before: [] });
    return { votes, ballots };
  } finally {
    onEnd(votes, ballots);
    await journal?.close();
  }
}

/**
 * @param onLine called for each answer that all judges have judged, in order, up to the first that one has not; also when the
 *   work fails
 * @throws FathomError if a judge cannot be asked; the votes until then are kept
 */
export async function judgeAnswers(
  answers: readonly NamedAnswer[],
  judges: readonly OpenedJudge[],
  context: JudgingContext,
  onLine: (line: JudgedLine) => void,
): Promise<void> {
  const panel = panelName(judges);
  const onlyRules = judges.every(({ kind }) => kind === "rules");
  await votesOn(answers, judges, context, (votes, ballots) => {
    for (const ballot of ballots) {
      const cast = judges.flatMap(({ judge }) => votes.of(ballot, judge.name) ?? []);
      if (cast.length < judges.length) break;
      const { review, ...ruling } = panelOfVotes(votes, ballot, judges);
      onLine({
        id: ballot.id,
        ...recordedVerdict(ballot, ruling, panel),
        ...(onlyRules
          ? {}
          : { votes: cast.map(({ judge, outcome, surface, note }) => ({ judge, outcome, surface, note })) }),
        ...(review.length === 0 ? {} : { review }),
      });
    }
  });
}
