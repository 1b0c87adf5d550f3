/**
 * Asks judges about answers and keeps their votes in a journal, so that a resume asks no judge twice. The key of a vote is
 * the answer, the cap and the judge's whole name: a judge of another version votes anew.
 */
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseRecord } from "../../core/parse.ts";
import { type Vote, voteSchema } from "../../core/records/verdict.ts";
import { type Journal, openJournal, readJournal } from "../../files/lines/journal.ts";
import type { Judge, JudgedAnswer } from "../../judges/judge.ts";

/** An answer that needs a vote of every judge. */
export interface Ballot extends Pick<Vote, "observation" | "cap"> {
  asked: JudgedAnswer;
}

export interface Voter {
  judge: Judge;
  /** How many answers it is asked about at the same time. */
  atOnce: number;
}

const restore = "restore the file, or remove it: the votes are then asked for again";

export const votesPath = (run: string): string => join(run, "votes.jsonl");

const parseVote = (value: unknown, where: string): Vote => parseRecord(voteSchema, value, where, restore);

/** @throws FathomError for damage other than an incomplete last line */
export const openVotes = (path: string): Journal<Vote> => openJournal(path, parseVote);

/** Reads the votes of a finished run. @throws FathomError for damage */
export const readVotes = (path: string): Vote[] => readJournal(path, parseVote);

const keyOf = ({ observation, cap }: Pick<Vote, "observation" | "cap">, judge: string): string =>
  `${judge}\n${observation}\n${cap ?? ""}`;

/** What a judge is told beside the text. Of the number of tokens, only this matters: whether there are any, and how many without text. */
function circumstancesOf({ text, prompt, cut, tokens }: JudgedAnswer): string {
  return JSON.stringify([prompt, cut, text.trim() === "" ? tokens : tokens === 0]);
}

/**
 * Ballots with the same question together, in the order in which the questions appear. The texts themselves are the keys: longer keys
 * that hold them would be a second copy of all answers.
 */
function questionsOf(ballots: readonly Ballot[]): Ballot[][] {
  const questions: Ballot[][] = [];
  const byText = new Map<string, Map<string, Ballot[]>>();
  for (const ballot of ballots) {
    const { text } = ballot.asked;
    const same = byText.get(text) ?? new Map<string, Ballot[]>();
    byText.set(text, same);
    const circumstances = circumstancesOf(ballot.asked);
    const known = same.get(circumstances);
    if (known !== undefined) known.push(ballot);
    else {
      const begun = [ballot];
      same.set(circumstances, begun);
      questions.push(begun);
    }
  }
  return questions;
}

/** Which votes are missing, so that a caller can tell whether a judge needs to be asked at all. */
export class Votes {
  readonly #journal: Journal<Vote> | null;
  readonly #known = new Map<string, Vote>();
  readonly #unwritten: Vote[] = [];
  #writing: Promise<void> | null = null;

  /** @param journal null: the votes are kept in memory only */
  constructor(journal: Journal<Vote> | null) {
    this.#journal = journal;
    for (const vote of journal?.records ?? []) this.#known.set(keyOf(vote, vote.judge), vote);
  }

  of(ballot: Ballot, judge: string): Vote | undefined {
    return this.#known.get(keyOf(ballot, judge));
  }

  missing(ballots: readonly Ballot[], judge: string): Ballot[] {
    return ballots.filter((ballot) => this.of(ballot, judge) === undefined);
  }

  /**
   * Asks one judge for the votes that are missing. Answers with the same text to the same prompt are one question, as are the caps
   * at which an answer has the same text.
   * @param onVote called with how many of the missing votes are there
   * @throws FathomError if the judge cannot be asked; the votes until then are kept
   */
  async ask(
    { judge, atOnce }: Voter,
    ballots: readonly Ballot[],
    signal: AbortSignal,
    onVote: (done: number, total: number) => void,
  ): Promise<void> {
    const missing = this.missing(ballots, judge.name);
    let done = 0;
    await eachOf(questionsOf(missing), atOnce, async (alike) => {
      signal.throwIfAborted();
      const { outcome, surface, coherence, evidence, note } = await judge.judge(alike[0]!.asked, signal);
      for (const { observation, cap } of alike) {
        const vote = { observation, cap, judge: judge.name, outcome, surface, coherence, evidence, note };
        this.#unwritten.push(vote);
        this.#known.set(keyOf(vote, judge.name), vote);
      }
      await (this.#writing ??= this.#write());
      done += alike.length;
      onVote(done, missing.length);
    });
  }

  /** Writes all votes of this turn of the event loop at once. Judges on threads answer by the dozen. */
  async #write(): Promise<void> {
    await nextTurn();
    this.#writing = null;
    this.#journal?.appendAll(this.#unwritten.splice(0));
  }
}

/** Works on `atOnce` items at the same time. After a failure no new item begins, and those in work are waited for. */
async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (!failed && next < items.length) {
      try {
        await work(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  const rejected = ended.find((one) => one.status === "rejected");
  if (rejected !== undefined) throw rejected.reason as Error;
}
