/**
 * Estimates how long several trainings in a row will still take, only from the steps that were seen. The time before the first
 * step of a training (dealing rows, opening the engine) and after its last step does not count.
 */

/** How long the steps of one kind of training took. */
interface Pace {
  seconds: number;
  steps: number;
}

export class TimeLeft {
  readonly #kinds: readonly string[];
  readonly #seconds: () => number;
  readonly #paces = new Map<string, Pace>();
  #last: { training: number; step: number; at: number } | null = null;

  /** @param kinds the kind of each training, in their order; trainings of one kind take equally long */
  constructor(kinds: readonly string[], seconds = () => performance.now() / 1000) {
    this.#kinds = kinds;
    this.#seconds = seconds;
  }

  /**
   * @param training index of the training that has just done `step` of `steps`
   * @returns seconds; null until two steps of a training were seen. A kind that was not seen yet counts with the mean of the
   * others
   */
  after(training: number, step: number, steps: number): number | null {
    const at = this.#seconds();
    if (this.#last?.training === training) {
      const pace = this.#paces.get(this.#kinds[training]!) ?? { seconds: 0, steps: 0 };
      pace.seconds += at - this.#last.at;
      pace.steps += step - this.#last.step;
      this.#paces.set(this.#kinds[training]!, pace);
    }
    this.#last = { training, step, at };
    const all = [...this.#paces.values()];
    if (all.length === 0) return null;
    const overall = perStep({
      seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
      steps: all.reduce((sum, pace) => sum + pace.steps, 0),
    });
    return this.#kinds.slice(training).reduce((sum, kind, behind) => {
      const pace = this.#paces.get(kind);
      return sum + (pace === undefined ? overall : perStep(pace)) * (behind === 0 ? steps - step : steps);
    }, 0);
  }
}

const perStep = ({ seconds, steps }: Pace): number => seconds / steps;
