/**
 * `--fidelity`: before a run in 8 or 4 bits begins, both models read the same tokens, and their next-token distributions
 * are compared. The tokens are a sample of the run's own prompts, answered by the model in fp32. Only one model is open at a
 * time; the logits of the first wait on the disk.
 */
import { fidelityOf } from "../../audit/fidelity.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import type { Precision } from "../../core/records/precision.ts";
import { endsOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import type { Unit } from "./answers/asker.ts";
import { compareModels, type Reading } from "./logits/compare-models.ts";
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

/** @throws FathomError if the disk has no room for the logits */
export async function measureFidelity({
  prepared: { units, plan },
  open,
  beside,
  onProgress,
}: FidelityInput): Promise<Fidelity> {
  const every = Math.ceil(units.length / sampledUnits);
  const sample = units.filter((_, i) => i % every === 0);
  const exact = await open("fp32");
  onProgress("fidelity: fp32 answers");
  const readings = await answersOf(exact, sample, plan.batch_size).catch(async (error: unknown) => {
    await exact.close();
    throw error;
  });
  onProgress("fidelity: fp32 reads its answers");
  const compared = await compareModels({
    ...{ readings, beside },
    first: () => Promise.resolve(exact),
    second: () => {
      onProgress(`fidelity: ${plan.precision} reads them`);
      return open(plan.precision);
    },
  });
  return fidelityOf(compared, plan.seed);
}

async function answersOf(model: Model, sample: readonly Unit[], batchSize: number): Promise<Reading[]> {
  const readings: Reading[] = [];
  await model.generate(
    sample.map(({ key, prompt_ids }) => ({
      id: key,
      ids: prompt_ids,
      maxNewTokens: sampledTokens,
      temperature: 0,
      seed: 0,
    })),
    { endTokens: endsOf(model.checkpoint), batchSize, watch: [], captureLayers: [], edits: [] },
    ({ id, ids }, i) => {
      const { prompt_ids } = sample[i]!;
      readings[i] = { id, ids: [...prompt_ids, ...ids], from: prompt_ids.length - 1 };
    },
  );
  return readings;
}
