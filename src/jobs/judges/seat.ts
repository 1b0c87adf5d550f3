/** One judge's part of a session: canaries first, then the votes that are missing. */
import type { SeatedJudge } from "../../core/records/verdict.ts";
import { askCanaries, canaryWarning } from "../../judges/canaries.ts";
import type { Tell } from "../job/job-events.ts";
import type { OpenedJudge } from "./opened-judge.ts";
import type { Ballot, Votes } from "./voting.ts";

export interface SeatInput {
  votes: Votes;
  ballots: readonly Ballot[];
  /** The judges of an earlier session over the same answers. */
  before: readonly SeatedJudge[];
  tell: Tell;
  signal: AbortSignal;
}

/** @throws FathomError if the judge cannot be asked; the votes until then are kept */
export async function seat(opened: OpenedJudge, input: SeatInput): Promise<SeatedJudge> {
  const { judge, kind, weight, preset } = opened;
  const { votes, ballots, before, tell, signal } = input;
  opened.requireUseful(ballots.map(({ asked }) => asked.text));
  const known = before.find(({ name }) => name === judge.name)?.canaries ?? null;
  const needed = votes.missing(ballots, judge.name).length;
  let canaries = known;
  if (preset !== null && (needed > 0 || known === null)) {
    tell({ kind: "working", what: `asking ${judge.name} about texts with a known label` });
    const found = await askCanaries(judge, preset, signal);
    canaries = { ...found, asked: new Date().toISOString().slice(0, 10) };
    const warning = canaryWarning(judge.name, found);
    if (warning !== null) tell({ kind: "note", of: "judge", text: warning });
  }
  await votes.ask(opened, ballots, signal, (done, total) => {
    if (kind !== "rules")
      tell({ kind: "counted", what: `judging with ${judge.name}`, done, total, unit: "answers" });
  });
  return { name: judge.name, kind, weight, canaries };
}
