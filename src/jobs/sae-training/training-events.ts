/** The events of one training, or of several in a row: which one, its step, its figures and the time left. */
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
  /** null if there is only one. */
  training: Training | null;
  /** 1 − R² of the last batch. */
  unexplained: number;
  meanL0: number;
  dead: number;
  /** Tokens read so far. */
  tokens: number;
}

export type TrainingEvent = JobEvent | StepsEvent;

/** Sends the steps of a single training. */
export function tellSteps(tell: Tell<TrainingEvent>): (now: TrainingProgress) => void {
  const left = new TimeLeft([""]);
  return (now) => {
    tell(stepsEvent(now, null, left.after(0, now.step, now.steps)));
  };
}

/** Sends the steps of several trainings. @param trainings in their order */
export function tellStepsOfAll(
  tell: Tell<TrainingEvent>,
  trainings: readonly TrainingName[],
): (now: TrainingProgress, training: TrainingName) => void {
  const seeds = [...new Set(trainings.map(({ seed }) => seed))];
  // The contrastive term takes time, with true tiers and with random ones.
  const left = new TimeLeft(trainings.map(({ arm }) => (arm === "without" ? "without" : "with")));
  return (now, { seed, arm }) => {
    const at = trainings.findIndex((training) => training.seed === seed && training.arm === arm);
    const training = { seed, place: seeds.indexOf(seed) + 1, seeds: seeds.length, arm };
    tell(stepsEvent(now, training, left.after(at, now.step, now.steps)));
  };
}

function stepsEvent(now: TrainingProgress, training: Training | null, left: number | null): StepsEvent {
  const { step, steps, unexplained, meanL0, dead, tokens } = now;
  return { kind: "steps", done: step, total: steps, left, training, unexplained, meanL0, dead, tokens };
}
