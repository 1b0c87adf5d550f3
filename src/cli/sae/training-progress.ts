/** What is told of a training while it runs, or of several one after the other: which one, its step, how it goes, time left. */
import { formatNumber } from "../../core/format.ts";
import type { ArmName, TrainingName } from "../../sae/domain/train.ts";
import type { TrainingProgress } from "../../sae/training/descent.ts";
import type { Progress } from "../terminal/progress.ts";
import { count, duration } from "../terminal/quantities.ts";
import { TimeLeft } from "./time-left.ts";

const armWords: Record<ArmName, string> = {
  with: "with the term",
  without: "without it",
  random: "with random tiers",
};

/** Of the only training. */
export function progressTeller(progress: Progress): (now: TrainingProgress) => void {
  const left = new TimeLeft([""]);
  return (now) => {
    tell(progress, "", now, left.after(0, now.step, now.steps));
  };
}

/** @param trainings in their order */
export function progressOfAll(
  progress: Progress,
  trainings: readonly TrainingName[],
): (now: TrainingProgress, training: TrainingName) => void {
  const seeds = [...new Set(trainings.map(({ seed }) => seed))];
  // What the term weighs costs time, whichever tiers it is told.
  const left = new TimeLeft(trainings.map(({ arm }) => (arm === "without" ? "without" : "with")));
  return (now, { seed, arm }) => {
    const at = trainings.findIndex((training) => training.seed === seed && training.arm === arm);
    const which = seeds.length === 1 ? "" : `seed ${seed} (${seeds.indexOf(seed) + 1} of ${seeds.length}), `;
    tell(progress, `${which}${armWords[arm]}, `, now, left.after(at, now.step, now.steps));
  };
}

/** The time left comes before the figures: a terminal may have no room for all of them. */
function tell(progress: Progress, which: string, now: TrainingProgress, left: number | null): void {
  const { step, steps, unexplained, meanL0, dead, tokens } = now;
  progress.show(
    () =>
      `${which}step ${count(step)} of ${count(steps)}${left === null ? "" : `, ${duration(left)} left`}: unexplained ${formatNumber(unexplained)}, L0 ${formatNumber(meanL0)}, ${count(dead)} dead, ${count(tokens)} tokens`,
  );
}
