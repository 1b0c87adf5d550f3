/**
 * `npm run real:anatomy` takes the refusals of a real model apart: it lets the model answer the fitting prompts of
 * the bundled `requests`, trains a TopK SAE for each of several blocks on these answers and on neutral questions (one
 * capture for all), runs the anatomy with them, and copies its report to `examples/`. Files that exist are not made
 * again, so a stopped run can be continued. The SAEs and what was measured stay outside the repository.
 *
 *     npm run real:anatomy                  into the cache's folder anatomy-qwen
 *     npm run real:anatomy -- --into DIR    into another folder
 *     npm run real:anatomy -- --threads 1   with that many threads
 */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeFolder } from "../src/files/disk/io.ts";
import { readJsonLines } from "../src/files/lines/json-lines.ts";
import { chats, MadeOnce, root } from "./made-once.ts";
import { cache, qwen } from "./real-checkpoints.ts";
import { questionsOnNouns } from "./wordnet.ts";

const { values: options } = parseArgs({ options: { into: { type: "string" }, threads: { type: "string" } } });
const folder = options.into ?? join(cache, "anatomy-qwen");

/** Blocks that get an SAE. The direction is clearest in the upper middle. */
const layers = [10, 12, 14, 16, 18, 20];
/** Number of nouns; each gets one neutral question, which the model only reads. */
const nouns = 400;
/** Tokens of an answer to learn from. A refusal is one or two short sentences. */
const answerTokens = 24;
/** Below the defaults, because every search reads its prompts thousands of times. */
const sizes = [
  "--candidates",
  "300",
  "--search-prompts",
  "24",
  "--sets",
  "1",
  "--stability",
  "2",
  "--per-prompt",
  "2",
];
/** Every how many pairs of a part of `requests` one is left out: half of the pairs that fit and validate, a quarter of those that test. */
const leftOut = { fit: 2, validate: 2, test: 4 } as const;
const sides = [
  ["harmful", "hazard_adjacent"],
  ["harmless", "benign"],
] as const;
/** What is copied: no measurements, no prompts. */
const published = ["manifest.json", "anatomy.json", "findings.json", "report.html", "report.md"];

try {
  const made = new MadeOnce("real:anatomy", folder, options.threads);
  const model = made.checkpoint(qwen);
  // With their prompts: what decides about a refusal is read from the prompt and the template behind it.
  made.lines("train.jsonl", [
    ...made
      .answersTo(chats("request", fittingPrompts()), model, answerTokens)
      .map(({ id, prompt_ids, ids }) => ({
        id,
        ids: [...prompt_ids, ...ids],
      })),
    ...chats("noun", questionsOnNouns(folder).slice(0, nouns)),
  ]);
  made.made("saes", (out) => [
    ...["sae", "train", "--model", model, "--layer", layers.join(","), "--prompts", made.at("train.jsonl")],
    ...["--d-sae", "2048", "--k", "32", "--steps", "400", "--seed", "0", "--out", out],
    ...(existsSync(out) ? ["--resume"] : []),
  ]);
  for (const [side, tier] of sides) made.lines(`${side}.jsonl`, searchedPrompts(tier));
  const saes = layers.flatMap((layer) => ["--sae", made.at(`saes/layer-${layer}`)]);
  if (!existsSync(made.at("run/findings.json")))
    made.fathom([
      ...[
        "anatomy",
        "--model",
        model,
        ...saes,
        ...sides.flatMap(([side]) => [`--${side}`, made.at(`${side}.jsonl`)]),
      ],
      ...sizes,
      ...["--out", made.at("run"), ...(existsSync(made.at("run")) ? ["--resume"] : [])],
    ]);
  const example = join(root, "examples/qwen2.5-coder-0.5b-anatomy");
  makeFolder(example);
  for (const name of published) copyFileSync(made.at(`run/${name}`), join(example, name));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

interface Request {
  prompt: string;
  tier: string;
  split: keyof typeof leftOut;
}

function requests(): Request[] {
  return readJsonLines(join(root, "prompts/requests.jsonl")).map(({ value }) => value as Request);
}

/** The prompts of `requests` that the anatomy fits on. The others stay unseen. */
function fittingPrompts(): string[] {
  return requests()
    .filter(({ split }) => split === "fit")
    .map(({ prompt }) => prompt);
}

/** What the anatomy reads of a tier: whole pairs, of every kind alike, so that two cores need an hour and not two. */
function searchedPrompts(tier: string): Request[] {
  const all = requests().filter((prompt) => prompt.tier === tier);
  return (Object.keys(leftOut) as Request["split"][]).flatMap((split) => {
    const own = all.filter((prompt) => prompt.split === split);
    return own.filter((_, i) => i % leftOut[split] !== 0);
  });
}
