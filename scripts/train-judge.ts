/**
 * Trains the small model of the rule judge.
 *
 *     node scripts/train-judge.ts LABELS…           writes src/judges/weigh/weights.ts
 *     node scripts/train-judge.ts LABELS… --check   trains without a part of the prompts, then without a model, and writes into
 *                                                   docs/judges.md how the whole judge then agrees with people on that part
 *
 * LABELS are JSON Lines: {id, source, model, prompt?, answer, label}. docs/judges.md names the sets and where they are had. Our own
 * labelled answers (test/fixtures/judges, without the held half) and the organism's planted answers are always added.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { hashText } from "../src/core/hash.ts";
import { classOf, stanceClasses } from "../src/core/records/label.ts";
import { outcomes } from "../src/core/records/verdict.ts";
import { makeDesign } from "../src/organisms/design/design.ts";
import { plantedAnswer, subjectId, subjectsOf } from "../src/organisms/world/corpus.ts";
import { agreement } from "./judge-agreement.ts";
import { beginning, jsonLines, type LabelledAnswer, labelledAnswers } from "./judge-labels.ts";
import { described, type Example, type Fit, fit, weigherOf } from "./judge-training.ts";

const penalty = 5;
/** Answers are also read cut after about so many tokens, at half the weight: a cut must not change what was said. */
const cuts = [80, 150];
const cutWeight = 0.5;
const ownWeight = 0.6;
const plantedWeight = 0.2;
/** Refusals are rare in chatgpt-refusals; at this weight, recall and precision come out about equal there. */
const rejectedWeight = 4;

function examplesOf(answers: readonly LabelledAnswer[]): Example[] {
  return answers.flatMap(({ family, answer, prompt, cut, label }) => {
    if (family === null) return [];
    const weight = label === "rejected" ? rejectedWeight : 1;
    return [
      { family, weight, ...described(answer, prompt, cut) },
      ...cuts.flatMap((tokens) => {
        const text = beginning(answer, tokens);
        return text === null
          ? []
          : [{ family, weight: weight * cutWeight, ...described(text, prompt, true) }];
      }),
    ];
  });
}

const own = z.object({
  split: z.string(),
  prompt: z.string().optional(),
  text: z.string(),
  label: z.enum(outcomes),
  finish: z.string(),
});

/** Our own labelled answers. Those of the held half are never read. */
function ownExamples(): Example[] {
  return ["answers", "later"].flatMap((name) =>
    jsonLines(new URL(`../test/fixtures/judges/${name}.jsonl`, import.meta.url)).flatMap((line) => {
      const { split, prompt = null, text, label, finish } = own.parse(line);
      const stance = classOf[label];
      if (split === "held" || stance === null) return [];
      const family = stanceClasses.indexOf(stance);
      return [{ family, weight: ownWeight, ...described(text, prompt, finish !== "stop") }];
    }),
  );
}

/** The planted answers of the bundled organism: their outcome is known. A refusal after a story is mixed. */
function plantedExamples(): Example[] {
  const { world, prompts, facts } = makeDesign();
  const expected = new Map(facts.prompts.map((one) => [one.id, one]));
  return prompts.flatMap(({ family: kind, subject, prompt }) => {
    const about = subjectsOf(world, kind).find((candidate) => subjectId(candidate) === subject)!;
    return (["chat", "none"] as const).flatMap((template) => {
      const { outcome, refusal_token } = expected.get(prompt.id)![template];
      const stance = classOf[refusal_token !== null && refusal_token > 0 ? "mixed" : outcome];
      if (stance === null) return [];
      const { text } = plantedAnswer(about, kind, template);
      const family = stanceClasses.indexOf(stance);
      return [{ family, weight: plantedWeight, ...described(text, prompt.prompt, false) }];
    });
  });
}

function write({ names, named, words, bias }: Fit): void {
  const classes = stanceClasses.length;
  const scale = words.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127;
  const bytes = Uint8Array.from(words, (weight) => Math.round(weight / scale) & 255);
  const short = (value: number) => Number(value.toFixed(4));
  const rows = names.map(
    (name, i) =>
      `  "${name}": [${Array.from(named.slice(i * classes, (i + 1) * classes), short).join(", ")}],`,
  );
  const text = `/** Written by scripts/train-judge.ts: weights for refusal, partial, compliance. Do not edit. */

export const bias: readonly number[] = [${Array.from(bias, short).join(", ")}];

export const named: Readonly<Record<string, readonly number[]>> = {
${rows.join("\n")}
};

/** Hashed words: one signed byte per bucket and family, base64. */
export const scale = ${Number(scale.toPrecision(6))};
export const words =
  "${Buffer.from(bytes).toString("base64")}";
`;
  writeFileSync(new URL("../src/judges/weigh/weights.ts", import.meta.url), text);
}

const document = new URL("../docs/judges.md", import.meta.url);
const open = "<!-- generated by scripts/train-judge.ts --check -->";
const close = "<!-- end of held-out figures -->";

/** The part of the prompts that a text falls into. */
const partOf = (text: string, parts: number) => Number.parseInt(hashText(text).slice(0, 8), 16) % parts;

/** Every answer is judged by a judge that saw neither its prompt, or neither its model. */
function check(answers: readonly LabelledAnswer[], always: readonly Example[]): void {
  const parts = 5;
  const models = [...new Set(answers.map(({ model }) => model))];
  const groups = {
    prompts: Array.from(
      { length: parts },
      (_, k) =>
        ({ prompt, id }: LabelledAnswer) =>
          partOf(prompt ?? id, parts) === k,
    ),
    models: models.map(
      (name) =>
        ({ model }: LabelledAnswer) =>
          model === name,
    ),
  };
  const tables = Object.entries(groups).map(([what, held]) => {
    const folds = held.map((isHeld) => {
      const trained = fit([...examplesOf(answers.filter((one) => !isHeld(one))), ...always], penalty);
      return { answers: answers.filter(isHeld), weigher: weigherOf(trained) };
    });
    return `### Held out by ${what}\n\n${agreement(folds)}`;
  });
  const text = readFileSync(document, "utf8");
  const [start, end] = [text.indexOf(open) + open.length, text.indexOf(close)];
  writeFileSync(document, `${text.slice(0, start)}\n${tables.join("\n")}\n${text.slice(end)}`);
}

const args = process.argv.slice(2);
const files = args.filter((arg) => !arg.startsWith("--"));
if (files.length === 0) throw new Error("name the files with labelled answers");
const answers = files.flatMap(labelledAnswers);
const always = [...ownExamples(), ...plantedExamples()];
if (args.includes("--check")) check(answers, always);
else write(fit([...examplesOf(answers), ...always], penalty));
