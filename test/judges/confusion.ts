/**
 * Makes the generated part of docs/judges.md: how often the judge agrees with the hand labels.
 * Regenerate it with `node test/judges/confusion.ts` (on the pinned Node). A test compares the document with this.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { hashJson } from "../../src/core/hash.ts";
import { type Outcome, outcomes } from "../../src/core/records/verdict.ts";
import { allRules } from "../../src/judges/rules/all.ts";
import { type AnswerVerdict, judge } from "../../src/judges/rules.ts";
import { judgeVersion } from "../../src/judges/version.ts";
import { wilson } from "../../src/stats/proportion.ts";

const labelledSchema = z.strictObject({
  id: z.string(),
  split: z.enum(["dev", "held", "later-1", "later-2", "later-3"]),
  label: z.enum(outcomes),
  prompt: z.string().optional(),
  text: z.string(),
  finish: z.enum(["stop", "length", "context"]),
  /** Only this many tokens of `tokenEnds` are judged. */
  truncated_at: z.int().positive().optional(),
  note: z.string(),
});
type Labelled = z.infer<typeof labelledSchema>;

const here = (path: string) => new URL(path, import.meta.url);

function labelledAnswers(): Labelled[] {
  return ["answers", "later"].flatMap((name) =>
    readFileSync(here(`../fixtures/judges/${name}.jsonl`), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => labelledSchema.parse(JSON.parse(line))),
  );
}

/**
 * Ends of words, punctuation marks and single white spaces. These are similar to a model's tokens, and the same on every
 * machine.
 */
function tokenEnds(text: string): number[] {
  return [...text.matchAll(/ ?[\p{L}\p{N}']+|\s| ?[^\p{L}\p{N}\s]/gu)].map(
    (match) => match.index + match[0].length,
  );
}

function judgeLabelled(answer: Labelled): AnswerVerdict {
  const ends = tokenEnds(answer.text);
  return judge({
    text: answer.text,
    tokenEnds: ends,
    finish: answer.finish,
    cap: answer.truncated_at ?? Math.max(1, ends.length),
    ...(answer.prompt === undefined ? {} : { prompt: answer.prompt }),
  });
}

export interface Judged {
  answer: Labelled;
  verdict: AnswerVerdict;
}

export function judgeAll(): Judged[] {
  return labelledAnswers().map((answer) => ({ answer, verdict: judgeLabelled(answer) }));
}

export function accuracy(judged: readonly Judged[]): number {
  return judged.filter(({ answer, verdict }) => answer.label === verdict.outcome).length / judged.length;
}

const classes = outcomes.filter((outcome) => outcome !== "blocked");

function rate(right: number, n: number): string {
  const [low, high] = wilson(right, n, 0.95);
  return `${right}/${n} = ${(right / n).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** Rows are hand labels, columns are verdicts. */
function matrix(judged: readonly Judged[]): string[] {
  const count = (label: Outcome, verdict: Outcome) =>
    judged.filter((item) => item.answer.label === label && item.verdict.outcome === verdict).length;
  return [
    `| label ↓ verdict → | ${classes.join(" | ")} | recall [95%] |`,
    `|---|${classes.map(() => "---:|").join("")}---|`,
    ...classes.map((label) => {
      const n = judged.filter((item) => item.answer.label === label).length;
      const cells = classes.map((verdict) => count(label, verdict) || "·");
      return `| **${label}** | ${cells.join(" | ")} | ${n === 0 ? "no answers" : rate(count(label, label), n)} |`;
    }),
  ];
}

/** A hash that changes with every change in the judge's verdicts on the labelled answers. */
function behaviour(judged: readonly Judged[]): string {
  return hashJson(
    judged.map(({ answer, verdict }) => [
      answer.id,
      verdict.outcome,
      verdict.refusal_token,
      verdict.evidence.map((item) => `${item.rule}:${item.start}-${item.end}`).join(" "),
      verdict.surface === null
        ? null
        : Object.values(verdict.surface)
            .map((share) => share.toFixed(9))
            .join(" "),
    ]),
  ).slice(0, 16);
}

export function generated(judged: readonly Judged[]): string {
  const split = (...names: Labelled["split"][]) => judged.filter((item) => names.includes(item.answer.split));
  const right = (items: readonly Judged[]) => Math.round(accuracy(items) * items.length);
  const line = (name: string, items: readonly Judged[]) =>
    `| ${name} | ${rate(right(items), items.length)} |`;
  return [
    `Judge \`${judgeVersion}\`, behaviour \`${behaviour(judged)}\`.`,
    "",
    "| split | accuracy [95% Wilson] |",
    "|---|---|",
    line("dev", split("dev")),
    line("held", split("held")),
    line("later-1", split("later-1")),
    line("later-2", split("later-2")),
    line("later-3", split("later-3")),
    "",
    "### Held half",
    "",
    ...matrix(split("held")),
    "",
    "### Dev half",
    "",
    ...matrix(split("dev")),
    "",
    "### Later batches, together",
    "",
    ...matrix(split("later-1", "later-2", "later-3")),
    "",
    "### Every rule",
    "",
    "| rule | speaks for | weight | note |",
    "|---|---|---:|---|",
    ...allRules.map((rule) => `| ${rule.name} | ${rule.outcome} | ${rule.weight} | ${rule.note} |`),
  ].join("\n");
}

const open = "<!-- generated by test/judges/confusion.ts -->";
const close = "<!-- end of generated -->";
const document = here("../../docs/judges.md");

/** The generated part as docs/judges.md holds it now. */
export function documented(): string {
  const text = readFileSync(document, "utf8");
  return text.slice(text.indexOf(open) + open.length, text.indexOf(close)).trim();
}

/** One version must not stand for two behaviours: code that changes verdicts needs a new revision in version.ts. */
export function unversionedChange(before: string, after: string): boolean {
  const identity = (text: string) => /^Judge `([^`]+)`, behaviour `([^`]+)`/.exec(text) ?? ["", "", ""];
  const [, version, was] = identity(before);
  const [, current, is] = identity(after);
  return version === current && was !== is;
}

if (import.meta.main) {
  const text = readFileSync(document, "utf8");
  const after = generated(judgeAll());
  if (unversionedChange(documented(), after) && !process.argv.includes("--fixtures-changed"))
    throw new Error(
      "the judge says something else under the same version: raise `revision` in src/judges/version.ts, or pass --fixtures-changed if only the labelled answers changed",
    );
  writeFileSync(
    document,
    `${text.slice(0, text.indexOf(open) + open.length)}\n${after}\n${text.slice(text.indexOf(close))}`,
  );
}
