/**
 * Compares the speed of encoding with a usual SAE with PyTorch's, and checks that an SAE larger than memory needs
 * only little memory:
 *
 *     node bench/sae.ts [--peer PYTHON] [--tokens 8192] [--rows 256]
 *     node bench/sae.ts --wide [--tokens 512] [--limit 1.5]
 *
 * Both write a random JumpReLU SAE in SAELens's layout to a temporary folder; about 100 features are active per
 * token. The first SAE has 16,384 features of 2,304 numbers in float32. The script prints tokens/s of encoding, the
 * median of five runs after a warm-up, and how many bytes are read from the disk for a few of its features (Linux
 * counts them). The second SAE has 131,072 features of 4,096 numbers, 2.1 GB in bfloat16. The command line encodes
 * and decodes tokens with it in a control group of `limit` GB, if one can be made; the peak of memory is printed in
 * any case.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { random } from "../src/core/random.ts";
import { openSafetensors } from "../src/files/tensors/safetensors.ts";
import { writeSafetensors } from "../src/files/tensors/safetensors-writer.ts";
import { rowsInFile } from "../src/sae/code/rows.ts";
import { SaeSession } from "../src/sae/code/sae-session.ts";
import { openSae } from "../src/sae/formats/open-sae.ts";
import { memoryGroup, runMeasured } from "./memory-limit.ts";
import { runTorchSae } from "./peer.ts";
import { type RandomSae, writeRandomSae } from "./random-sae.ts";

const { values } = parseArgs({
  options: {
    peer: { type: "string" },
    tokens: { type: "string" },
    rows: { type: "string" },
    wide: { type: "boolean", default: false },
    limit: { type: "string", default: "1.5" },
  },
});
const folder = mkdtempSync(join(process.env["FATHOM_BENCH_DIR"] ?? tmpdir(), "fathom-sae-"));
const activations = join(folder, "activations.safetensors");
try {
  if (values.wide)
    await wide({ d_in: 4096, d_sae: 131_072, dtype: "BF16", active: 100 }, Number(values.tokens ?? 512));
  else await usual({ d_in: 2304, d_sae: 16_384, dtype: "F32", active: 100 }, Number(values.tokens ?? 8192));
} finally {
  rmSync(folder, { recursive: true });
}

async function usual(shape: RandomSae, tokens: number): Promise<void> {
  writeRandomSae(folder, shape);
  writeActivations(tokens, shape.d_in);
  const sae = openSae(folder);
  const file = openSafetensors(activations);
  const rows = rowsInFile(file, "activations");
  const opened = performance.now();
  const session = await SaeSession.open(
    sae,
    values.rows === undefined ? {} : { maxFeatureValues: Number(values.rows) * shape.d_sae },
  );
  const seconds = (performance.now() - opened) / 1000;
  const rates: number[] = [];
  let active = 0;
  for (let run = 0; run <= 5; run++) {
    const begun = performance.now();
    await session.encodeRows(rows, ({ from, features }) => {
      if (from > 0) return;
      active = features.subarray(0, 64 * shape.d_sae).reduce((sum, z) => sum + (z > 0 ? 1 : 0), 0) / 64;
    });
    if (run > 0) rates.push(tokens / ((performance.now() - begun) / 1000));
  }
  await session.close();
  file.close();
  const some = Array.from({ length: 8 }, (_, i) => Math.floor(((i + 0.5) * shape.d_sae) / 8));
  const before = bytesAsked();
  sae.W_enc.take(1, some);
  sae.W_dec.take(0, some);
  console.log(`${some.length} features: ${bytesAsked() - before} bytes asked of the disk`);
  const own = median(rates);
  console.log(`opened in ${seconds.toFixed(1)} s; ${active.toFixed(0)} active features a token`);
  console.log(`encode: ${own.toFixed(0)} tokens/s (${rates.map((rate) => rate.toFixed(0)).join(", ")})`);
  if (values.peer !== undefined) {
    const args = ["--sae", folder, "--activations", activations, "--rows", "128", "512", "2048"];
    const peer = runTorchSae(values.peer, args);
    console.log(
      `${peer.peer}: ${peer.tokensPerSecond.toFixed(0)} tokens/s, ${peer.meanL0.toFixed(0)} active`,
    );
    console.log(`ratio: ${(own / peer.tokensPerSecond).toFixed(2)}`);
  }
}

async function wide(shape: RandomSae, tokens: number): Promise<void> {
  writeRandomSae(folder, shape);
  writeActivations(tokens, shape.d_in);
  const limit = Math.round(Number(values.limit) * 1e9);
  const group = memoryGroup(limit);
  try {
    const cli = [process.execPath, join(import.meta.dirname, "../src/cli/main.ts")];
    const given = ["sae", "encode", "--sae", folder, "--activations", activations, "--quiet"];
    const out = join(folder, "features.safetensors");
    const { code, stderr, peak, seconds } = await runMeasured(
      [...cli, ...given, "--out", out],
      group?.path ?? null,
    );
    if (code !== 0) throw new Error(`exit ${code ?? "by a signal"}: ${stderr}`);
    const held =
      group === null ? "no control group can be made here" : `held to ${(limit / 1e9).toFixed(1)} GB`;
    console.log(
      `${tokens} tokens encoded and decoded in ${seconds.toFixed(0)} s; ` +
        `${(peak / 1e9).toFixed(2)} GB of its own memory at most (${held})`,
    );
  } finally {
    group?.remove();
  }
}

function writeActivations(tokens: number, d_in: number): void {
  const draw = random("activations");
  const drawn = Float32Array.from({ length: tokens * d_in }, () => draw.normal());
  writeSafetensors(activations, [
    { name: "activations", dtype: "F32", shape: [tokens, d_in], values: drawn },
  ]);
}

/** Bytes that this process has read so far. Reading this count reads some hundred bytes itself. */
function bytesAsked(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? NaN);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
