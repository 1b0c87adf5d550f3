/**
 * Times the choice of a refusal direction, beside PyTorch on the same machine:
 *
 *     node bench/anatomy.ts --model FILE.gguf --prompts requests [--fit 128] [--validate 32] [--layers 10,14,16]
 *       [--tokens 40,2121] [--peer PYTHON] [--threads 2]
 *
 * A candidate is measured on all validation prompts: bypass, induce, KL. The candidates of a few layers at the last position are
 * measured, and the time of all candidates is extrapolated from them. Screening is timed as it is, with its estimates and its
 * pilot. The peer measures the same candidates, in two ways (oracle/peer_direction.py), and its numbers are compared with ours.
 * Both sides read the same tokens in float32 on as many threads, and wall time is shown beside processor seconds of all threads: on
 * a machine with other work only the latter can be compared. Each result is printed as soon as it is there.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isComplete } from "../src/anatomy/direction/choose.ts";
import { random } from "../src/core/random.ts";
import { fitDirections } from "../src/jobs/anatomy/direction/fit-directions.ts";
import { Interventions } from "../src/jobs/anatomy/direction/interventions.ts";
import { measureCandidates, quantities } from "../src/jobs/anatomy/direction/measure-candidates.ts";
import { measuredChoice } from "../src/jobs/anatomy/direction/measured-choice.ts";
import type { DirectionStudy } from "../src/jobs/anatomy/direction/study.ts";
import { commonStart } from "../src/jobs/anatomy/reading/common-start.ts";
import { postInstructionPositions } from "../src/jobs/anatomy/reading/positions.ts";
import type { ReadPrompt } from "../src/jobs/anatomy/reading/read-prompt.ts";
import { ScoreRows } from "../src/jobs/anatomy/reading/score-rows.ts";
import { textOf } from "../src/model/checkpoint/checkpoint.ts";
import { openModel } from "../src/model/model.ts";
import { loadPrompts } from "../src/prompts/load.ts";
import { runTorchDirection } from "./peer.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    prompts: { type: "string", default: "requests" },
    fit: { type: "string", default: "128" },
    validate: { type: "string", default: "32" },
    layers: { type: "string", default: "10,14,16" },
    tokens: { type: "string", default: "40,2121,19152" },
    peer: { type: "string" },
    threads: { type: "string", default: "2" },
  },
});
if (values.model === undefined) throw new Error("bench/anatomy: expected --model DIR_OR_FILE");
const threads = Number(values.threads);
/** Whole runs of a prompt by the published filter of 2,000 candidates: blocks of five in three orders (arXiv 2509.09708). */
const filterRuns = (3 * 2000) / 5;
/** Block evaluations of our search for a set of about 40 from as many, 24 blocks: the bound that src/anatomy/minimal/cost.test.ts holds. */
const searchBlocks = 23_000 / 15;
const numbers = (text: string) => text.split(",").map(Number);
const layers = numbers(values.layers);
const tokens = numbers(values.tokens);

const model = await openModel(values.model, { threads });
const { template } = textOf(model.checkpoint);
const encode = (content: string) =>
  template!.encode([{ role: "user", content }], { addGenerationPrompt: true });
const positions = postInstructionPositions(encode);
const { prompts } = await loadPrompts(values.prompts);
const sideOf = { hazard_adjacent: "harmful", benign: "harmless" } as const;
/** The first prompts of each side: they fit, the next ones validate. */
const read = (["hazard_adjacent", "benign"] as const).flatMap((tier) =>
  prompts
    .filter((prompt) => prompt.tier === tier)
    .slice(0, Number(values.fit) + Number(values.validate))
    .map(
      (prompt, i): ReadPrompt => ({
        ...{
          id: prompt.id,
          cluster: prompt.pair ?? prompt.id,
          side: sideOf[tier],
          ids: encode(prompt.prompt),
        },
        split: i < Number(values.fit) ? "fit" : "validate",
      }),
    ),
);
const part = (split: ReadPrompt["split"], side: ReadPrompt["side"]) =>
  read.filter((prompt) => prompt.split === split && prompt.side === side);
const published = { leastInduce: 0, mostKl: 0.1, depth: 0.8 };
const place = { prefix: [], tokens };
/** By what was measured, since it was last cleared. */
const spentOn = new Map<string, Spent>();
const start = commonStart(read.map(({ ids }) => ids));
const study: DirectionStudy = {
  interventions: new Interventions(model, new ScoreRows([place]), start),
  memory: {
    recall: async (what, _inputs, measure) => {
      const { result, ...spent } = await timed(measure);
      const before = spentOn.get(what) ?? { seconds: 0, processor: 0 };
      spentOn.set(what, {
        seconds: before.seconds + spent.seconds,
        processor: before.processor + spent.processor,
      });
      return result;
    },
  },
  fit: read.filter(({ split }) => split === "fit"),
  validate: { harmful: part("validate", "harmful"), harmless: part("validate", "harmless") },
  ...{ places: 1, boundary: 0, level: 0.95, random: random(0) },
};

const depth = model.checkpoint.config.layers.length;
const every = Array.from({ length: depth + 1 }, (_, i) => i - 1);
const fitted = await timed(() => fitDirections(model, study.fit, { layers: every, positions }, start));
const { candidates } = fitted.result;
say(`${study.fit.length} prompts fit ${candidates.length} candidates in ${words(fitted)}`);
/** Whole layers, as a run measures them: the candidates of a layer share what lies below it. The peer gains nothing from that. */
const chosen = candidates.filter(({ layer }) => layers.includes(layer));
const last = -1;
// The first measurement makes room for edits in the sessions, which takes time once.
await measureCandidates(study, chosen.slice(0, 1), quantities, () => undefined);
const measured = await timed(() => measureCandidates(study, chosen, quantities, () => undefined));
const each = scaled(measured, 1 / chosen.length);
const exhaustive = scaled(each, candidates.length);
say(
  `${study.validate.harmful.length} + ${study.validate.harmless.length} prompts: ${words(each)} a candidate, ` +
    `${(measured.result.blockEvaluations / chosen.length).toFixed(0)} block evaluations`,
);
spentOn.clear();
const screening = { exhaustive: false, screenedShare: 0.2, filters: published };
const screened = await timed(() => measuredChoice(study, candidates, place, screening, () => undefined));
say(
  `all candidates: ${words(exhaustive)}; screened: ${words(screened)}, ${screened.result.known.length} measured, ${screened.result.known.filter(isComplete).length} of them in full`,
);
for (const [what, spent] of spentOn) say(`  ${what}: ${words(spent)}`);
await model.close();
if (values.peer !== undefined) comparePeer(values.peer, values.model);

function comparePeer(python: string, file: string): void {
  const folder = mkdtempSync(join(tmpdir(), "fathom-bench-"));
  try {
    const ids = (split: ReadPrompt["split"]) => ({
      harmful: part(split, "harmful").map((prompt) => prompt.ids),
      harmless: part(split, "harmless").map((prompt) => prompt.ids),
    });
    const plan = join(folder, "plan.json");
    writeFileSync(plan, JSON.stringify({ positions, tokens, fit: ids("fit"), validate: ids("validate") }));
    const places = layers.map((layer) => `${layer}:${last}`).join();
    for (const way of ["batched", "published"]) {
      const args = ["--model", file, "--prompts", plan, `--places=${places}`, "--way", way];
      const peer = runTorchDirection(python, [...args, "--threads", String(threads)]);
      const differences = peer.candidates.flatMap((theirs) => {
        const at = chosen.findIndex(
          ({ layer, position }) => layer === theirs.layer && position === theirs.position,
        );
        const ours = measured.result.effects[at]!;
        return quantities.map((what) => Math.abs(ours[what]! - theirs[what]));
      });
      const theirs = { seconds: peer.secondsPerCandidate, processor: peer.processorPerCandidate };
      const all = scaled(theirs, candidates.length);
      say(
        `${peer.peer}: ${words(theirs)} a candidate; ratio ${ratio(all, exhaustive)} for all, ${ratio(all, screened)} screened; ` +
          `numbers within ${Math.max(...differences).toExponential(1)}`,
      );
      const run = scaled(theirs, 1 / (study.validate.harmful.length + 2 * study.validate.harmless.length));
      const block = scaled(measured, 1 / measured.result.blockEvaluations);
      say(
        `a set of 40 from 2,000 candidates, per prompt: the published filter ${words(scaled(run, filterRuns))}, ` +
          `our search ${words(scaled(block, searchBlocks))}; ratio ${ratio(scaled(run, filterRuns), scaled(block, searchBlocks))}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Spent {
  /** Wall time. */
  seconds: number;
  /** Processor seconds of all threads. */
  processor: number;
}

async function timed<T>(work: () => Promise<T>): Promise<Spent & { result: T }> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - start) / 1e3, processor: (user + system) / 1e6 };
}

function scaled({ seconds, processor }: Spent, by: number): Spent {
  return { seconds: seconds * by, processor: processor * by };
}

function words({ seconds, processor }: Spent): string {
  return `${seconds.toFixed(2)} s (${processor.toFixed(2)} of processor)`;
}

function ratio(theirs: Spent, ours: Spent): string {
  const [wall, processor] = [theirs.seconds / ours.seconds, theirs.processor / ours.processor];
  return `${wall.toFixed(1)} (${processor.toFixed(1)} of processor)`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
