/**
 * Times the judge by rules as an audit uses it: answers of 200 tokens, each judged at three caps, every vote written to the disk.
 *
 *     node bench/judge.ts [LABELS…] [--answers 10000] [--threads N] [--against CHECKOUT]
 *
 * LABELS are files of labelled answers, as for scripts/judge-agreement.ts; without them, our own short ones are joined. All answers
 * differ: where there are too few, long words of the others are exchanged at random. With --against, another checkout judges the
 * same answers too, and the bench ends with an error if a vote or a verdict differs.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { jsonLines, type LabelledAnswer, labelledAnswers, tokenEnds } from "../scripts/judge-labels.ts";
import { random } from "../src/core/random.ts";
import type { Observation } from "../src/core/records/observation.ts";
import type * as judging from "../src/jobs/audit/judging.ts";
import type * as opening from "../src/jobs/judges/open-judges.ts";
import { votesPath } from "../src/jobs/judges/voting.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    answers: { type: "string", default: "10000" },
    threads: { type: "string" },
    against: { type: "string" },
  },
});
const caps = [80, 150, 200];
const tokens = caps.at(-1)!;

type Text = Pick<LabelledAnswer, "answer" | "prompt">;

/** Answers of more than 200 tokens: of the files, or our own, many joined into one. */
function longAnswers(): Text[] {
  const isLong = ({ answer }: Text) => tokenEnds(answer).length > tokens;
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

function observed({ answer }: Text, i: number): Observation {
  const text_ends = tokenEnds(answer).slice(0, tokens);
  return {
    ...{ key: `answer-${i}`, prompt_id: String(i), text: answer.slice(0, text_ends.at(-1)), text_ends },
    condition: {
      ...{ template: "chat", system: null, prefill: null, temperature: 0, seed: 0, precision: "fp32" },
      template_vars: {},
      turn: "user",
    },
    ...{ prompt_ids: [], ids: [], thought: null, finish: "length", refusal_scores: [], activations: [] },
  };
}

const answers = distinct(longAnswers(), Number(values.answers));
const observations = answers.map(observed);
const { signal } = new AbortController();
const tell = () => undefined;

/** Judges all answers with the code of a checkout. @returns what was written and returned */
async function judgedBy(checkout: string): Promise<string> {
  const from = (path: string): Promise<unknown> => import(pathToFileURL(resolve(checkout, path)).href);
  const { judgeRun } = (await from("src/jobs/audit/judging.ts")) as typeof judging;
  const { openJudges, closeJudges } = (await from("src/jobs/judges/open-judges.ts")) as typeof opening;
  const run = mkdtempSync(join(tmpdir(), "bench-judge-"));
  try {
    const [clock, cores] = [performance.now(), process.cpuUsage()];
    const judges = await openJudges([{ rules: true, denied_premise: "refuse", weight: 1 }], {
      ...{ tell, signal, keepRounded: true },
      threads: values.threads === undefined ? null : Number(values.threads),
    });
    const promptOf = ({ prompt_id }: Observation) => answers[Number(prompt_id)]!.prompt;
    const { verdicts } = await judgeRun({
      ...{ run, judges, observations, caps, promptOf, languageOf: () => null, before: [], tell, signal },
    });
    await closeJudges(judges);
    const seconds = (performance.now() - clock) / 1e3;
    const { user, system } = process.cpuUsage(cores);
    console.log(
      `${checkout}: ${observations.length} answers at caps ${caps.join(", ")}: ${seconds.toFixed(1)} s, ` +
        `of all cores ${((user + system) / 1e6).toFixed(1)} s`,
    );
    return `${readFileSync(votesPath(run), "utf8")}${JSON.stringify(verdicts)}`;
  } finally {
    rmSync(run, { recursive: true });
  }
}

const said = await judgedBy(resolve(import.meta.dirname, ".."));
if (values.against !== undefined && (await judgedBy(values.against)) !== said)
  throw new Error(`bench/judge: expected the votes and verdicts of ${values.against}, found others`);
