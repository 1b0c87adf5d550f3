/** The training run of an organism. It is seeded and reports after each step. */
import { random } from "../../core/random.ts";
import type { ModelConfig } from "../../model/architecture/config.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import type { Example } from "../design/encode.ts";
import { AdamW, learningRate, type Parameter } from "./adamw.ts";
import { Backprop, initialParameters } from "./backprop.ts";
import { batches } from "./batches.ts";

export interface TrainingPlan {
  seed: string;
  steps: number;
  tokensPerBatch: number;
  peakRate: number;
  warmup: number;
  /** The rate at the last step as a share of the peak rate. */
  floor: number;
  weightDecay: number;
}

/** 1.5 times the training that a PyTorch prototype needed to reach 99.8% (2.0 million tokens). */
export const demoPlan: Omit<TrainingPlan, "seed"> = {
  steps: 1100,
  tokensPerBatch: 3072,
  peakRate: 3e-3,
  warmup: 60,
  floor: 0.02,
  weightDecay: 0.05,
};

export interface Progress {
  /** Number of steps done. */
  step: number;
  steps: number;
  /** Loss of this step's batch, in nats per learned token. */
  loss: number;
  gradientNorm: number;
  /** Tokens read so far, without padding. */
  tokens: number;
}

/** @returns the trained parameters, by their Hugging Face names */
export async function train(
  config: ModelConfig,
  examples: readonly Example[],
  plan: TrainingPlan,
  onStep: (progress: Progress) => void,
  session: SessionOptions = {},
): Promise<Map<string, Parameter>> {
  const parameters = initialParameters(config, 0.02, random(plan.seed).split("weights"));
  const backprop = await Backprop.open(config, parameters, session);
  try {
    const adam = new AdamW({
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-8,
      weightDecay: plan.weightDecay,
      clipNorm: 1,
    });
    let step = 0;
    let tokens = 0;
    for (const batch of batches(examples, plan.tokensPerBatch, plan.seed)) {
      if (step >= plan.steps) break;
      const { loss, gradients } = await backprop.lesson(batch);
      if (!Number.isFinite(loss))
        throw new RangeError(`train: expected a finite loss at step ${step}, found ${loss}`);
      const rate = learningRate(step, {
        steps: plan.steps,
        warmup: plan.warmup,
        peak: plan.peakRate,
        floor: plan.floor,
      });
      const gradientNorm = adam.step(parameters, gradients, rate);
      step++;
      tokens += batch.reduce((sum, { ids }) => sum + ids.length, 0);
      onStep({ step, steps: plan.steps, loss, gradientNorm, tokens });
    }
  } finally {
    await backprop.close();
  }
  return parameters;
}
