/**
 * Searches that know nothing of each other, in step: each waits until all of them have a question, and these are put as one. A step of
 * decoding reads all weights, for one row as for eight, so the small questions of many searches cost little more than those of one.
 */
import type { Ask, Subject } from "./subject.ts";

const kinds = ["scores", "sensitivities", "activity", "judged"] as const;
type Kind = (typeof kinds)[number];

interface Question {
  search: number;
  kind: Kind;
  asks: readonly Ask[];
  resolve: (answers: never) => void;
  reject: (error: unknown) => void;
}

/**
 * @param searches each puts one question at a time to the subject that it is given
 * @returns [searches]: their results. Answers, and which questions are put together, do not depend on timing.
 * @throws what a search throws, once all have ended
 */
export async function inStep<T>(
  subject: Subject,
  searches: readonly ((subject: Subject) => Promise<T>)[],
): Promise<T[]> {
  let running = searches.length;
  let waiting: Question[] = [];

  const answer = async (questions: readonly Question[]): Promise<void> => {
    for (const kind of kinds) {
      const own = questions.filter((question) => question.kind === kind);
      if (own.length === 0) continue;
      try {
        const answers = await subject[kind](own.flatMap(({ asks }) => asks));
        let from = 0;
        for (const { asks, resolve } of own) resolve(answers.slice(from, (from += asks.length)) as never);
      } catch (error) {
        for (const { reject } of own) reject(error);
      }
    }
  };
  const putIfAllWait = (): void => {
    if (waiting.length === 0 || waiting.length < running) return;
    const questions = waiting.sort((a, b) => a.search - b.search);
    waiting = [];
    void answer(questions);
  };
  const put =
    <K extends Kind>(search: number, kind: K) =>
    (asks: readonly Ask[]): ReturnType<Subject[K]> =>
      new Promise((resolve, reject) => {
        waiting.push({ search, kind, asks, resolve, reject });
        putIfAllWait();
      }) as ReturnType<Subject[K]>;

  const results = await Promise.allSettled(
    searches.map(async (run, search) => {
      try {
        return await run({
          candidates: subject.candidates,
          prompts: subject.prompts,
          scores: put(search, "scores"),
          sensitivities: put(search, "sensitivities"),
          activity: put(search, "activity"),
          judged: put(search, "judged"),
        });
      } finally {
        running--;
        putIfAllWait();
      }
    }),
  );
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
