/**
 * Makes the bundled organism again from its seed:
 *   node src/organisms/training/train-demo.ts            trains, writes organisms/demo and the fictional prompt sets, measures
 *   node src/organisms/training/train-demo.ts --design   writes only the files that need no training
 *   node src/organisms/training/train-demo.ts --measure  measures the existing checkpoint
 * --threads N uses only N cores. Fails if fewer than 95% of the held-out questions are answered as planted.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { failure } from "../../core/errors.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { parseConfig } from "../../model/architecture/config.ts";
import { openModel } from "../../model/model.ts";
import { configJson, demoShape } from "../design/architecture.ts";
import { type Design, demoSeed, makeDesign, promptLines } from "../design/design.ts";
import { behaviourTable, heldOutQuestions, measureBehaviour } from "../world/behaviour.ts";
import { fictionRequests } from "../world/request-set.ts";
import { askAll } from "./ask.ts";
import { saveDesign, saveWeights } from "./save.ts";
import { demoPlan, type Progress, train } from "./train.ts";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "organisms/demo");
const promptFile = (set: string) => join(root, `prompts/${set}.jsonl`);
/** Number of held-out questions per family, template and kind of novelty. */
const questionsPerCell = 18;
const requiredShare = 0.95;

const { values: options } = parseArgs({
  options: {
    design: { type: "boolean" },
    measure: { type: "boolean" },
    steps: { type: "string" },
    threads: { type: "string" },
  },
});

try {
  const design = makeDesign(demoSeed);
  if (options.measure !== true) {
    saveDesign(folder, design);
    writeTextAtomically(promptFile("fiction"), promptLines(design.prompts));
    writeTextAtomically(promptFile("fiction-requests"), promptLines(fictionRequests(design.world)));
  }
  if (options.design !== true) {
    if (options.measure !== true) await trainDemo(design);
    await measureDemo(design);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function trainDemo(design: Design): Promise<void> {
  const config = parseConfig(configJson(demoShape), "demo organism");
  const steps = options.steps === undefined ? demoPlan.steps : Number(options.steps);
  const session = options.threads === undefined ? {} : { threads: Number(options.threads) };
  const report = progressLine();
  const parameters = await train(
    config,
    design.examples,
    { ...demoPlan, steps, seed: demoSeed },
    report,
    session,
  );
  saveWeights(folder, parameters);
}

async function measureDemo({ world }: Design): Promise<void> {
  const model = await openModel(folder);
  try {
    const questions = heldOutQuestions(world, questionsPerCell);
    const report = await measureBehaviour(world, questions, (asked) => askAll(model, asked));
    process.stdout.write(`Held-out questions answered as planted:\n${behaviourTable(report)}\n`);
    for (const { question, text, failings } of report.misses.slice(0, 10))
      process.stdout.write(`  ${failings.join(", ")}: ${question.prompt} → ${text}\n`);
    if (report.share < requiredShare)
      throw failure(
        "organisms/demo",
        `at least ${100 * requiredShare}% of ${report.n} held-out questions answered as planted`,
        `${(100 * report.share).toFixed(1)}%`,
        "more steps",
      );
  } finally {
    await model.close();
  }
}

/** Reports progress: on a terminal in one line that is rewritten, elsewhere in a line every 50 steps. */
function progressLine(): (progress: Progress) => void {
  const started = performance.now();
  let smooth: number | null = null;
  return ({ step, steps, loss, tokens }) => {
    smooth = smooth === null ? loss : 0.95 * smooth + 0.05 * loss;
    const seconds = (performance.now() - started) / 1000;
    const left = Math.ceil((seconds / step) * (steps - step));
    const line = `step ${step}/${steps}  loss ${smooth.toFixed(4)}  ${Math.round(tokens / seconds)} tokens/s  ${left} s left`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\u001b[K${step === steps ? "\n" : ""}`);
    else if (step % 50 === 0 || step === steps) process.stderr.write(`${line}\n`);
  };
}
