/**
 * Compares the cost of capturing every layer with that of capturing one, and with TransformerLens's run_with_cache:
 *
 *     node bench/capture.ts --model FILE.gguf [--peer PYTHON] [--batch 8] [--tokens 64]
 *
 * Prints prompt tokens/s of one batch: medians of eleven runs after a warm-up, with one layer and all layers in turn.
 * The peer has random weights of the same shape.
 */
import { parseArgs } from "node:util";
import { openModel } from "../src/model/model.ts";
import { runTransformerLens } from "./peer.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    peer: { type: "string" },
    batch: { type: "string", default: "8" },
    tokens: { type: "string", default: "64" },
  },
});
if (values.model === undefined) throw new Error("bench/capture: expected --model DIR_OR_FILE");
const [batch, tokens] = [Number(values.batch), Number(values.tokens)];
const repeats = 11;

const model = await openModel(values.model);
const { config } = model.checkpoint;
const requests = Array.from({ length: batch }, (_, row) => ({
  id: String(row),
  ids: Array.from({ length: tokens }, (_id, i) => 4 + ((i * 7919 + row * 104_729) % (config.vocabSize - 4))),
}));
const depth = config.layers.length;
const last = [depth - 1];
const every = Array.from({ length: depth }, (_, layer) => layer);
// Both are measured in turn, so that a machine that slows down slows both.
const rates = { one: [] as number[], all: [] as number[] };
for (let run = 0; run <= repeats; run++) {
  const pair = { one: await rate(last), all: await rate(every) };
  if (run === 0) continue;
  rates.one.push(pair.one);
  rates.all.push(pair.all);
}
const one = median(rates.one);
const all = median(rates.all);
await model.close();
console.log(`last layer only: ${one.toFixed(0)} tokens/s`);
console.log(
  `all ${depth} layers: ${all.toFixed(0)} tokens/s, ${(100 * (one / all - 1)).toFixed(0)}% more time`,
);

if (values.peer !== undefined) {
  const [first] = config.layers;
  const shape = {
    n_layers: depth,
    d_model: config.hiddenSize,
    n_heads: first!.heads,
    n_key_value_heads: first!.kvHeads,
    d_head: first!.headDim,
    d_mlp: first!.intermediateSize,
    d_vocab: config.vocabSize,
  };
  const args = ["--shape", JSON.stringify(shape), "--batch", String(batch), "--tokens", String(tokens)];
  const peer = runTransformerLens(values.peer, args);
  console.log(
    `${peer.peer} run_with_cache: ${peer.tokensPerSecond.toFixed(0)} tokens/s; ratio ${(all / peer.tokensPerSecond).toFixed(2)}`,
  );
}

async function rate(layers: readonly number[]): Promise<number> {
  const start = performance.now();
  await model.capture(requests, { layers, logits: false, edits: [] }, () => undefined);
  return (batch * tokens) / ((performance.now() - start) / 1000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
