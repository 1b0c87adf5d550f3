/**
 * Judges the observations of a run. Every judge's votes go into votes.jsonl as soon as they are there, so a resume asks for the
 * missing ones only, also after another judge was added. The votes on an answer at a cap make one verdict.
 */

import type { Observation } from "../../core/records/observation.ts";
import type { SeatedJudge, Verdict, Vote } from "../../core/records/verdict.ts";
import type { Ruling } from "../../judges/judge.ts";
import { askedAt, verdictAt } from "../../judges/judge-observation.ts";
import { panelName } from "../../judges/panel.ts";
import { saidByProvider } from "../../judges/provider.ts";
import type { Tell } from "../job/job-events.ts";
import type { OpenedJudge } from "../judges/opened-judge.ts";
import { panelOfVotes } from "../judges/panel-of-votes.ts";
import { seat } from "../judges/seat.ts";
import { type Ballot, openVotes, Votes, votesPath } from "../judges/voting.ts";

interface JudgingInput {
  run: string;
  judges: readonly OpenedJudge[];
  observations: readonly Observation[];
  /** Token caps. */
  caps: readonly number[];
  /** The user's turn as plain text; null if it is not known. */
  promptOf: (observation: Observation) => string | null;
  /** The prompt's language; null where the prompts do not state it. */
  languageOf: (observation: Observation) => string | null;
  /** The run's judges so far: their canaries are not asked again if no vote is missing. */
  before: readonly SeatedJudge[];
  tell: Tell;
  signal: AbortSignal;
}

export interface Judged {
  /** In the order of observations and caps. */
  verdicts: Verdict[];
  judges: SeatedJudge[];
}

/** @throws FathomError if a judge cannot be asked; the votes until then are kept */
export async function judgeRun(input: JudgingInput): Promise<Judged> {
  const { run, judges, observations, caps, promptOf, languageOf } = input;
  const ballots = observations.flatMap((observation) => {
    const prompt = promptOf(observation);
    const language = languageOf(observation);
    return caps.map(
      (cap): Ballot & { of: Observation; cap: number; said: Ruling | null; language: string | null } => ({
        ...{ observation: observation.key, cap, of: observation, said: saidByProvider(observation, cap) },
        asked: askedAt(observation, cap, prompt),
        language,
      }),
    );
  });
  const open = ballots.filter(({ said }) => said === null);
  const journal = openVotes(votesPath(run));
  const votes = new Votes(journal);
  const seated: SeatedJudge[] = [];
  try {
    for (const judge of judges) {
      const one = await seat(judge, { ...input, votes, ballots: open });
      const last = open.filter(({ cap }) => cap === Math.max(...caps));
      seated.push({ ...one, ...languagesRead(last, (ballot) => votes.of(ballot, one.name)) });
    }
  } finally {
    await journal.close();
  }
  const panel = panelName(judges);
  const verdicts = ballots.map((ballot) => {
    if (ballot.said !== null) return verdictAt(ballot.of, ballot.cap, ballot.said, panel);
    const { review, ...ruling } = panelOfVotes(votes, ballot, judges);
    return verdictAt(ballot.of, ballot.cap, ruling, panel, review);
  });
  return { verdicts, judges: seated };
}

/** To how many answers in each language a judge gave a label; nothing where no prompt states its language. */
function languagesRead<B extends { language: string | null }>(
  ballots: readonly B[],
  voteOn: (ballot: B) => Vote | undefined,
): Pick<SeatedJudge, "languages"> {
  const languages: NonNullable<SeatedJudge["languages"]> = {};
  for (const ballot of ballots) {
    if (ballot.language === null) continue;
    const counts = (languages[ballot.language] ??= { answers: 0, labelled: 0 });
    counts.answers++;
    if (voteOn(ballot)?.surface != null) counts.labelled++;
  }
  return Object.keys(languages).length === 0 ? {} : { languages };
}
