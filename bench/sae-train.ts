/**
 * Trains the same SAE here and in PyTorch, on the same rows, seed by seed:
 *
 *     node bench/sae-train.ts [--activations FILE] [--peer PYTHON] [--objective topk|batchtopk|jumprelu] [--forms sparse,dense] [--seeds 1] [--steps 300]
 *
 * FILE is a safetensors file with `activations` [n, d_in], as `fathom sae encode` takes it. Without a file, a
 * synthetic mixture with d_in = 576 is used. Rows with a norm above 10 × the median are left out, and a tenth of the
 * rest is held out. JumpReLU trains to a target L0 of k. Prints FVU and L0 on the held-out rows and tokens/s of the
 * steps after the first ten, averaged over the seeds, and the ratios.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Random, random } from "../src/core/random.ts";
import { openSafetensors } from "../src/files/tensors/safetensors.ts";
import { writeSafetensors } from "../src/files/tensors/safetensors-writer.ts";
import { pickRows, type Rows, rowsInFile, rowsOf } from "../src/sae/code/rows.ts";
import { SaeSession } from "../src/sae/code/sae-session.ts";
import { siteOf } from "../src/sae/code/site.ts";
import { massiveOf, normsOf, quality } from "../src/sae/measure/quality/quality.ts";
import {
  objectiveNames,
  type TrainingPlan,
  usualOf,
  usualPlan,
} from "../src/sae/training/state/training-plan.ts";
import { trainSae } from "../src/sae/training/training.ts";
import { runSaeTraining } from "./peer.ts";

const { values } = parseArgs({
  options: {
    activations: { type: "string" },
    peer: { type: "string" },
    objective: { type: "string", default: "topk" },
    forms: { type: "string", default: "sparse,dense" },
    seeds: { type: "string", default: "1" },
    steps: { type: "string", default: "300" },
    "d-sae": { type: "string", default: "6144" },
    k: { type: "string", default: "32" },
    batch: { type: "string", default: "1024" },
    rate: { type: "string", default: "1e-3" },
  },
});
const objective = objectiveNames.find((name) => name === values.objective);
if (objective === undefined)
  throw new Error(
    `bench/sae-train: expected --objective ${objectiveNames.join(", ")}, found ${values.objective}`,
  );
const numbers = {
  d_sae: Number(values["d-sae"]),
  k: Number(values.k),
  batch: Number(values.batch),
  steps: Number(values.steps),
  rate: Number(values.rate),
};
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
/** Weight of JumpReLU's term (L0/k − 1)². */
const sparsity = 1;
/** Number of steps before the clock starts. */
const untimed = 10;

const folder = mkdtempSync(join(tmpdir(), "fathom-sae-train-"));
try {
  const { train, held } = split(values.activations === undefined ? mixture() : read(values.activations));
  const runs: Run[] = [];
  for (const seed of seeds) runs.push(await fathom(train, held, seed));
  const mine = averaged(runs);
  console.log(`Fathom: ${said(mine)}`);
  if (values.peer !== undefined) {
    const files = { train: save("train", train), held: save("held", held) };
    for (const form of values.forms.split(",")) {
      const peer = runSaeTraining(values.peer, [
        ...["--train", files.train, "--held", files.held, "--objective", objective, "--form", form],
        ...Object.entries(numbers).flatMap(([name, value]) => [`--${name.replace("_", "-")}`, String(value)]),
        ...(objective === "jumprelu" ? jumps() : []),
        ...["--seeds", ...seeds.map(String)],
      ]);
      const theirs = averaged(peer.runs);
      console.log(
        `${peer.peer}, ${form} decode: ${said(theirs)}; ratio of FVU ${(mine.fvu / theirs.fvu).toFixed(3)}, of speed ${(mine.tokensPerSecond / theirs.tokensPerSecond).toFixed(2)}`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Run {
  fvu: number;
  meanL0: number;
  tokensPerSecond: number;
}

async function fathom(train: Rows, held: Rows, seed: number): Promise<Run> {
  // This script holds rows out itself. Training holds out only the few rows that it must.
  const common = { ...usualPlan, ...numbers, heldOut: 3 / train.count, seed: String(seed) };
  const plan: TrainingPlan =
    objective === "jumprelu"
      ? { ...common, ...usualOf[objective], objective, sparsity, targetL0: numbers.k }
      : { ...common, ...usualOf[objective!], objective: objective! };
  let began = 0;
  let ended = 0;
  const { sae } = await trainSae(train, siteOf("blocks.0.hook_resid_post", null), plan, ({ step }) => {
    ended = performance.now();
    if (step === untimed) began = ended;
  });
  const session = await SaeSession.open(sae);
  const { varianceExplained, meanL0 } = await quality(session, held);
  await session.close();
  return {
    fvu: 1 - varianceExplained.ordinary,
    meanL0,
    tokensPerSecond: ((numbers.steps - untimed) * numbers.batch) / ((ended - began) / 1000),
  };
}

/** The options of the peer for JumpReLU. */
function jumps(): string[] {
  const { sparsityWarmup, bandwidth, thresholdRate } = usualOf.jumprelu;
  return [
    ...["--target-l0", String(numbers.k), "--sparsity", String(sparsity)],
    ...["--sparsity-warmup", String(sparsityWarmup), "--bandwidth", String(bandwidth)],
    ...["--threshold-rate", String(thresholdRate)],
  ];
}

function averaged(runs: readonly Run[]) {
  const mean = (of: keyof Run) => runs.reduce((sum, run) => sum + run[of], 0) / runs.length;
  const fvu = mean("fvu");
  const spread = Math.sqrt(runs.reduce((sum, run) => sum + (run.fvu - fvu) ** 2, 0) / runs.length);
  return { fvu, spread, meanL0: mean("meanL0"), tokensPerSecond: mean("tokensPerSecond") };
}

function said({ fvu, spread, meanL0, tokensPerSecond }: ReturnType<typeof averaged>): string {
  return `FVU ${fvu.toFixed(4)} ± ${spread.toFixed(4)}, L0 ${meanL0.toFixed(1)}, ${tokensPerSecond.toFixed(0)} tokens/s`;
}

function split(all: Rows): { train: Rows; held: Rows } {
  const massive = massiveOf(normsOf(all));
  const ordinary = [...massive.keys()].filter((row) => massive[row] === 0);
  const order = Int32Array.from(random("bench").shuffle(ordinary));
  const first = Math.floor(0.9 * order.length);
  const rows = (some: Int32Array) => rowsOf(pickRows(all, some).read(0, some.length), all.width);
  return { train: rows(order.subarray(0, first)), held: rows(order.subarray(first)) };
}

function read(path: string): Rows {
  const file = openSafetensors(path);
  const rows = rowsInFile(file, "activations");
  const all = rowsOf(Float32Array.from(rows.read(0, rows.count)), rows.width);
  file.close();
  return all;
}

function save(name: string, rows: Rows): string {
  const path = join(folder, `${name}.safetensors`);
  const whole = rows.read(0, rows.count);
  writeSafetensors(path, [
    { name: "activations", dtype: "F32", shape: [rows.count, rows.width], values: whole },
  ]);
  return path;
}

/** Synthetic rows: a mean, noise, and per row 24 of 2,000 directions with random sizes. */
function mixture(width = 576, count = 20_000): Rows {
  const draw: Random = random("mixture");
  const directions = Float32Array.from({ length: 2000 * width }, () => draw.normal());
  const mean = Float32Array.from({ length: width }, () => 3 * draw.normal());
  const all = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const to = all.subarray(row * width, (row + 1) * width);
    for (let i = 0; i < width; i++) to[i] = mean[i]! + 0.5 * draw.normal();
    for (let one = 0; one < 24; one++) {
      const from = Math.floor(2000 * draw.uniform() ** 2) * width;
      const size = -Math.log(1 - draw.uniform());
      for (let i = 0; i < width; i++) to[i] = to[i]! + size * directions[from + i]!;
    }
  }
  return rowsOf(all, width);
}
