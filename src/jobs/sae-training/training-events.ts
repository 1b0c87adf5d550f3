/** The events of one training, or of several in a row: which layer and training, its step, its figures and the time left. */
import type { ArmName, TrainingName } from "../../sae/domain/train.ts";
import type { TrainingProgress } from "../../sae/training/descent.ts";
import type { JobEvent, Tell } from "../job/job-events.ts";
import { TimeLeft } from "./time-left.ts";

/** One of several trainings. */
interface Training {
  seed: string;
  /** Place of the seed among all, from 1. */
  place: number;
  seeds: number;
  arm: ArmName;
}

export interface StepsEvent {
  kind: "steps";
  done: number;
  total: number;
  /** Estimated seconds left for all trainings; null until an estimate is possible. */
  left: number | null;
  /** The layer that is trained, and its place among those of this session, from 1; null if there is only one. */
  layer: { layer: number; place: number; layers: number } | null;
  /** null if a layer has only one. */
  training: Training | null;
  /** 1 − R² of the last batch. */
  unexplained: number;
  meanL0: number;
  dead: number;
  /** Tokens read so far. */
  tokens: number;
}

export type TrainingEvent = JobEvent | StepsEvent;

/** Makes the listener to one layer's steps. @param trainings of the layer, in their order; null if there is only one */
export type StepsOfLayer = (
  layer: number,
  trainings: readonly TrainingName[] | null,
) => (now: TrainingProgress, training?: TrainingName) => void;

/** Sends the steps of all trainings. @param layers in the order in which they are trained; each has the same trainings */
export function tellSteps(tell: Tell<TrainingEvent>, layers: readonly number[]): StepsOfLayer {
  let left: TimeLeft | null = null;
  return (layer, trainings) => {
    // The contrastive term takes time, with true tiers and with random ones.
    const kinds = trainings?.map(({ arm }) => (arm === "without" ? "without" : "with")) ?? [""];
    const seeds = [...new Set(trainings?.map(({ seed }) => seed))];
    left ??= new TimeLeft(layers.flatMap(() => kinds));
    const before = layers.indexOf(layer);
    const told = layers.length === 1 ? null : { layer, place: before + 1, layers: layers.length };
    return (now, training) => {
      const at =
        trainings?.findIndex(({ seed, arm }) => seed === training?.seed && arm === training.arm) ?? 0;
      const { step, steps, unexplained, meanL0, dead, tokens } = now;
      tell({
        kind: "steps",
        done: step,
        total: steps,
        left: left!.after(before * kinds.length + at, step, steps),
        layer: told,
        training:
          training === undefined
            ? null
            : { ...training, place: seeds.indexOf(training.seed) + 1, seeds: seeds.length },
        unexplained,
        meanL0,
        dead,
        tokens,
      });
    };
  };
}
