/**
 * `--fidelity`: before a run in 8 or 4 bits begins, both models read the same tokens, and their next-token distributions
 * are compared. The tokens are a sample of the run's own prompts, answered by the model in fp32. Only one model is open at a
 * time; the logits of the first wait on the disk.
 */
import { fidelityOf } from "../../audit/fidelity.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import type { Precision } from "../../core/records/precision.ts";
import { Spool, type Spooled } from "../../files/disk/spool.ts";
import { endsOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import { compareLogits, type LogitComparison } from "../../stats/kl.ts";
import type { Prepared } from "./prepare.ts";

/** The most units whose answers are compared. They are spread over all prompts and conditions of the run. */
const sampledUnits = 32;
/** The most tokens of an answer. About 1,500 tokens in all give the mean KL to within about a tenth of its value. */
const sampledTokens = 48;

export interface FidelityInput {
  prepared: Prepared;
  /** Opens the model. `measureFidelity` closes it. */
  open: (precision: Precision) => Promise<Model>;
  /** Path beside which logits wait: tokens · vocabulary · 4 bytes. */
  beside: string;
  onProgress: (what: string) => void;
}

/** The tokens that a model reads, and where in them the answer's distributions begin. */
interface Reading {
  id: string;
  ids: number[];
  /** The position whose logits are those of the answer's first token. */
  from: number;
}

/** @throws FathomError if the disk has no room for the logits */
export async function measureFidelity({
  prepared: { units, plan },
  open,
  beside,
  onProgress,
}: FidelityInput): Promise<Fidelity> {
  const every = Math.ceil(units.length / sampledUnits);
  const sample = units.filter((_, i) => i % every === 0);
  const spool = new Spool(beside);
  try {
    const readings: Reading[] = [];
    const waiting: Spooled[][] = sample.map(() => []);
    const first = await open("fp32");
    try {
      onProgress("fidelity: fp32 answers");
      await first.generate(
        sample.map(({ key, prompt_ids }) => ({
          id: key,
          ids: prompt_ids,
          maxNewTokens: sampledTokens,
          temperature: 0,
          seed: 0,
        })),
        {
          endTokens: endsOf(first.checkpoint),
          batchSize: plan.batch_size,
          watch: [],
          captureLayers: [],
          edits: [],
        },
        ({ id, ids }, i) => {
          const { prompt_ids } = sample[i]!;
          readings[i] = { id, ids: [...prompt_ids, ...ids], from: prompt_ids.length - 1 };
        },
      );
      onProgress("fidelity: fp32 reads its answers");
      await eachToken(first, readings, (logits, i) => waiting[i]!.push(spool.put(logits)));
    } finally {
      await first.close();
    }
    const compared: LogitComparison[][] = sample.map(() => []);
    const second = await open(plan.precision);
    try {
      onProgress(`fidelity: ${plan.precision} reads them`);
      await eachToken(second, readings, (logits, i) => {
        const seen = compared[i]!;
        seen.push(compareLogits(waiting[i]![seen.length]!.whole(), logits));
      });
    } finally {
      await second.close();
    }
    return fidelityOf(compared, plan.seed);
  } finally {
    spool.close();
  }
}

/** Passes the logits [vocab] of each reading to `onLogits`: from position `from` on, token by token, in order. */
async function eachToken(
  model: Model,
  readings: readonly Reading[],
  onLogits: (logits: Float32Array<ArrayBuffer>, reading: number) => void,
): Promise<void> {
  const { vocabSize } = model.checkpoint.config;
  const read = readings.map(() => 0);
  await model.capture(readings, { layers: [], logits: true, edits: [] }, ({ index, values }) => {
    for (let at = 0; at < values.length; at += vocabSize)
      if (read[index]!++ >= readings[index]!.from) onLogits(values.slice(at, at + vocabSize), index);
  });
}
