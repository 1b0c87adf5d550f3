/**
 * Decode and prefill speed of a checkpoint, as ratios:
 *
 *     node bench/speed.ts --model FILE.gguf [--peer PYTHON] [--llama-cpp PYTHON] [--batches 1,8,32] [--precision int8]
 *
 * Decode: tokens/s over the whole batch after a 64-token prompt, with the same `generate` that an audit uses (scores
 * and arg-max included). Prefill: prompt tokens/s of one 512-token prompt. Both are medians of three runs after a
 * warm-up.
 */
import { resourceUsage } from "node:process";
import { parseArgs } from "node:util";
import { precisions } from "../src/core/records/precision.ts";
import { heldBytes } from "../src/model/architecture/weight-shapes.ts";
import { openModel } from "../src/model/model.ts";
import { memoryBandwidth } from "./bandwidth.ts";
import { matmulRate } from "./matmul-rate.ts";
import { runLlamaCpp, runPeer } from "./peer.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    peer: { type: "string" },
    batches: { type: "string", default: "1,8,32" },
    steps: { type: "string", default: "32" },
    precision: { type: "string", default: "fp32" },
    "llama-cpp": { type: "string" },
  },
});
if (values.model === undefined) throw new Error("bench/speed: expected --model DIR_OR_FILE");
const precision = precisions.find((known) => known === values.precision);
if (precision === undefined) throw new Error(`bench/speed: expected --precision ${precisions.join("|")}`);
const batches = values.batches.split(",").map(Number);
const steps = Number(values.steps);
const promptTokens = 64;
const prefillLength = 512;
const repeats = 3;

const bandwidth = await memoryBandwidth();
const arithmetic = await matmulRate();
const opened = performance.now();
const model = await openModel(values.model, { precision });
const openSeconds = (performance.now() - opened) / 1000;
const { config } = model.checkpoint;
const weightBytes = 4 * parameterCount();
const ids = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => 4 + ((i * 7919 + seed * 104_729) % (config.vocabSize - 4)));

const decode = new Map<number, number>();
for (const batch of batches) decode.set(batch, await median(() => decodeRate(batch)));
const prefill = await median(prefillRate);
const peak = resourceUsage().maxRSS * 1024;
await model.close();

const sameWork = [
  ...["--model", values.model, "--decode", batches.join(",")],
  ...["--prefill", String(prefillLength), "--steps", String(steps)],
];
const peer = values.peer === undefined ? null : runPeer(values.peer, sameWork);
const llamaCpp = values["llama-cpp"] === undefined ? null : runLlamaCpp(values["llama-cpp"], sameWork);
const peers = [peer, llamaCpp].filter((one) => one !== null);

const row = (work: string, ours: number, theirs: (one: (typeof peers)[number]) => number | undefined) => {
  const beside = peers.flatMap((one) => {
    const rate = theirs(one)!;
    return [shown(rate), (ours / rate).toFixed(2)];
  });
  console.log(`| ${[work, shown(ours), ...beside].join(" | ")} |`);
};
console.log(
  `| ${["work, tokens/s", `Fathom ${precision}`, ...peers.flatMap((one) => [one.peer, "ratio"])].join(" | ")} |`,
);
for (const [batch, rate] of decode)
  row(
    `decode, batch ${batch}`,
    rate,
    (one) => one.decode.find((run) => run.batch === batch)?.tokensPerSecond,
  );
row(`prefill ${prefillLength}`, prefill, (one) => one.prefill[0]?.tokensPerSecond);

const held = heldBytes(config, precision).all;
const mega = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
console.log(
  `memory read at ${(bandwidth / 1e9).toFixed(1)} GB/s; weights ${mega(held)}, in fp32 ${mega(weightBytes)}`,
);
const single = decode.get(1);
if (single !== undefined)
  console.log(`decode at batch 1 reads weights at ${((100 * single * held) / bandwidth).toFixed(0)}% of it`);
// Every token of a prompt passes through all matrices except the head, which only the last token needs.
const perToken = 2 * (weightBytes / 4 - config.vocabSize * config.hiddenSize * (config.tiedHead ? 1 : 2));
console.log(
  `matrices multiplied at ${(arithmetic / 1e9).toFixed(0)} GFLOP/s; prefill at ${((100 * prefill * perToken) / arithmetic).toFixed(0)}% of it`,
);
console.log(
  `opened in ${openSeconds.toFixed(1)} s; peak memory ${(peak / weightBytes).toFixed(2)} × the fp32 weights`,
);
if (peer !== null) console.log(`PyTorch's peak memory ${(peer.peakBytes / weightBytes).toFixed(2)} ×`);

function shown(rate: number): string {
  return rate < 200 ? rate.toFixed(1) : rate.toFixed(0);
}

async function decodeRate(batch: number): Promise<number> {
  let start = 0;
  let tokens = 0;
  await model.generate(
    Array.from({ length: batch }, (_, i) => ({
      id: String(i),
      ids: ids(promptTokens, i),
      maxNewTokens: steps + 1,
      temperature: 0,
      seed: 0,
    })),
    { endTokens: [], batchSize: batch, watch: [5], captureLayers: [], edits: [] },
    () => undefined,
    (count, kind) => {
      if (kind === "prompt") return;
      // The first tokens of all rows come with their prompts. Each decode step then gives one token per row.
      if (count === batch && start > 0) tokens += count;
      else if (start === 0 || count < batch) start = performance.now();
    },
  );
  return tokens / ((performance.now() - start) / 1000);
}

async function prefillRate(): Promise<number> {
  const start = performance.now();
  await model.generate(
    [{ id: "0", ids: ids(prefillLength, 0), maxNewTokens: 1, temperature: 0, seed: 0 }],
    { endTokens: [], batchSize: 1, watch: [], captureLayers: [], edits: [] },
    () => undefined,
  );
  return prefillLength / ((performance.now() - start) / 1000);
}

async function median(run: () => Promise<number>): Promise<number> {
  await run();
  const rates: number[] = [];
  for (let i = 0; i < repeats; i++) rates.push(await run());
  return rates.sort((a, b) => a - b)[repeats >> 1]!;
}

function parameterCount(): number {
  const { weights } = model.checkpoint;
  return weights.names().reduce((sum, name) => sum + weights.info(name).shape.reduce((a, b) => a * b, 1), 0);
}
