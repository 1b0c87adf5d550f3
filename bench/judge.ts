/**
 * Times the judge by rules on answers of 200 tokens at three caps, beside the same judge of another checkout on the same answers:
 *
 *     node bench/judge.ts [LABELS…] [--answers 10000] [--against CHECKOUT]
 *
 * LABELS are files of labelled answers, as for scripts/judge-agreement.ts; without them, our own short ones are joined. All answers
 * differ: where there are too few, long words of the others are exchanged at random. With --against, both judges take turns, and the
 * bench ends with an error if they ever say different things.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { beginning, jsonLines, type LabelledAnswer, labelledAnswers } from "../scripts/judge-labels.ts";
import { random } from "../src/core/random.ts";
import type { JudgedAnswer } from "../src/judges/judge.ts";
import { judgeText } from "../src/judges/rules.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { answers: { type: "string", default: "10000" }, against: { type: "string" } },
});
const wanted = Number(values.answers);
const caps = [80, 150, 200];
/** So many answers are judged by one judge before it is the other's turn. */
const turn = 100;

type Judge = (asked: JudgedAnswer) => unknown;
type Text = Pick<LabelledAnswer, "answer" | "prompt">;

/** Answers of at least 200 tokens: of the files, or our own, many joined into one. */
function longAnswers(): Text[] {
  const isLong = ({ answer }: Text) => beginning(answer, caps.at(-1)!) !== null;
  if (positionals.length > 0) return positionals.flatMap(labelledAnswers).filter(isLong);
  const own = z.object({ text: z.string() });
  const texts = jsonLines(new URL("../test/fixtures/judges/later.jsonl", import.meta.url)).map(
    (line) => own.parse(line).text,
  );
  return texts
    .map((_, i) => ({
      answer: [...texts, ...texts].slice(i, i + 20).join("\n"),
      prompt: null,
    }))
    .filter(isLong);
}

function distinct(texts: readonly Text[], count: number): Text[] {
  const long = /\b[a-z]{7,}\b/g;
  const words = texts.flatMap(({ answer }) => answer.match(long) ?? []);
  const numbers = random("bench/judge");
  return Array.from({ length: count }, (_, i) => {
    const { answer, prompt } = texts[i % texts.length]!;
    if (i < texts.length) return { answer, prompt };
    const other = (word: string) => (numbers.integer(3) === 0 ? words[numbers.integer(words.length)]! : word);
    return { answer: answer.replace(long, other), prompt };
  });
}

function askedAtCaps({ answer, prompt }: Text): JudgedAnswer[] {
  return caps.map((cap) => ({ text: beginning(answer, cap) ?? answer, prompt, cut: true, tokens: cap }));
}

/** Seconds on the clock and of this thread. */
function timed(work: () => void): [clock: number, thread: number] {
  const [clock, thread] = [performance.now(), process.threadCpuUsage()];
  work();
  const { user, system } = process.threadCpuUsage(thread);
  return [(performance.now() - clock) / 1e3, (user + system) / 1e6];
}

const judges: { name: string; judge: Judge; spent: [number, number] }[] = [
  { name: "Fathom", judge: judgeText, spent: [0, 0] },
];
if (values.against !== undefined) {
  const path = pathToFileURL(resolve(values.against, "src/judges/rules.ts")).href;
  const other = (await import(path)) as { judgeText: Judge };
  judges.push({ name: values.against, judge: other.judgeText, spent: [0, 0] });
}
const answers = distinct(longAnswers(), wanted).map(askedAtCaps);
for (let at = 0; at < answers.length; at += turn) {
  const said = judges.map(({ judge, spent }) => {
    let rulings: unknown[] = [];
    const [clock, thread] = timed(() => {
      rulings = answers.slice(at, at + turn).flatMap((asked) => asked.map((one) => judge(one)));
    });
    spent[0] += clock;
    spent[1] += thread;
    return JSON.stringify(rulings);
  });
  if (said.some((rulings) => rulings !== said[0]))
    throw new Error(`bench/judge: expected the same rulings, found others in answers ${at} to ${at + turn}`);
}
for (const { name, spent } of judges)
  console.log(
    `${name}: ${answers.length} answers at caps ${caps.join(", ")}: ${spent[0].toFixed(1)} s, of which ${spent[1].toFixed(1)} s on its core; ` +
      `ratio ${(spent[1] / judges[0]!.spent[1]).toFixed(2)}`,
  );
