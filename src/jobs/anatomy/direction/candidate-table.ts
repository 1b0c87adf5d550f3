/** The table of candidate directions while it fills: what was measured, and the choice that it allows. */
import {
  type AskCandidate,
  type Candidate,
  chooseAnyway,
  chooseDirection,
  type DirectionFilters,
  effectsOf,
  type GivenUp,
  type KnownCandidate,
} from "../../../anatomy/direction/choose.ts";
import { mayInduce } from "../../../anatomy/direction/screen.ts";
import type { Tell } from "../../job/job-events.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { type Effect, measureCandidates, type Quantity, quantities } from "./measure-candidates.ts";
import type { DirectionStudy } from "./study.ts";

/** Where a candidate was taken, and what it does. */
export interface Choice {
  at: PlacedVector;
  candidate: Candidate;
  /** The filters that the choice does without, because they reject all candidates. */
  givenUp: GivenUp[];
}

export interface MeasuredChoice {
  /** What is known of the measured ones, in the order of the fitted ones. */
  known: KnownCandidate[];
  /** null if all candidates are too deep. */
  chosen: Choice | null;
  blockEvaluations: number;
}

/** What is known of the candidates so far. A candidate whose bypass is not measured yet is in no choice. */
export class CandidateTable {
  readonly layers: number;
  blockEvaluations = 0;
  readonly #study: DirectionStudy;
  readonly #fitted: readonly PlacedVector[];
  readonly #filters: DirectionFilters;
  readonly #tell: Tell;
  readonly #effects = new Map<number, Effect>();
  /** Contenders whose bypass is not below the chosen one's: whatever their other numbers are, they are not chosen. */
  readonly #dropped = new Set<number>();

  constructor(study: DirectionStudy, fitted: readonly PlacedVector[], filters: DirectionFilters, tell: Tell) {
    this.layers = study.interventions.model.checkpoint.config.layers.length;
    this.#study = study;
    this.#fitted = fitted;
    this.#filters = filters;
    this.#tell = tell;
  }

  has(index: number): boolean {
    return this.#effects.get(index)?.bypass !== undefined;
  }

  async measure(indices: readonly number[], wanted: readonly Quantity[]): Promise<void> {
    const rising = [...indices].sort((a, b) => a - b);
    const before = this.#effects.size;
    const total = new Set([...this.#effects.keys(), ...rising]).size;
    const { effects, blockEvaluations } = await measureCandidates(
      this.#study,
      rising.map((index) => this.#fitted[index]!),
      wanted,
      (done) => {
        const so = Math.min(total, before + done);
        this.#tell({ kind: "counted", what: "directions", done: so, total, unit: "measurements" });
      },
    );
    rising.forEach((index, i) => {
      const { deciding, ...known } = this.#effects.get(index) ?? {};
      const found = effects[i]!;
      const both = found.deciding && { ...deciding, ...found.deciding };
      this.#effects.set(index, { ...known, ...found, ...(both && { deciding: both }) });
    });
    this.blockEvaluations += blockEvaluations;
  }

  /** Measures `induce` of these, and the bypass of those that pass this filter. */
  async measureThoseThatInduce(indices: readonly number[], least: number): Promise<void> {
    await this.measure(indices, ["induce"]);
    const passing = indices.filter((index) => this.#induce(index)! >= least);
    if (passing.length > 0) await this.measure(passing, ["bypass"]);
  }

  /** The choice that complete measurements would make, by its index among all fitted ones. Measures what it depends on. */
  async choice(): Promise<{ index: number; givenUp: GivenUp[] } | null> {
    const { rising, known, ask } = this.#considered();
    const chosen = await chooseAnyway(known, this.#filters, this.layers, ask);
    return chosen === null ? null : { ...chosen, index: rising[chosen.index]! };
  }

  /** Whether a candidate passes all filters. */
  async hasPassing(): Promise<boolean> {
    const { known, ask } = this.#considered();
    return (await chooseDirection(known, this.#filters, this.layers, ask)) !== null;
  }

  /** Gives up those of the contenders whose bypass is not below the chosen one's. Their other numbers are not measured. */
  drop(contenders: readonly number[], chosen: number): void {
    const bypass = (index: number) => effectsOf(this.#known(index)).bypass;
    for (const index of contenders) if (bypass(index) >= bypass(chosen)) this.#dropped.add(index);
  }

  /** Those of the queue that may pass the filter, as far as estimates [candidates] tell. */
  thatMayInduce(queue: readonly number[], estimates: readonly number[], least: number): number[] {
    const measured = [...this.#effects.keys()].map((index) => ({
      ...{ estimate: estimates[index]!, induce: this.#induce(index)! },
    }));
    return queue.filter((index) => mayInduce(estimates[index]!, least, measured));
  }

  async result(): Promise<MeasuredChoice> {
    const choice = await this.choice();
    if (choice !== null) await this.#complete(choice.index);
    return {
      known: this.#rising().map((index) => this.#known(index)),
      chosen:
        choice === null
          ? null
          : {
              at: this.#fitted[choice.index]!,
              candidate: this.#known(choice.index) as Candidate,
              givenUp: choice.givenUp,
            },
      blockEvaluations: this.blockEvaluations,
    };
  }

  #considered(): { rising: number[]; known: KnownCandidate[]; ask: AskCandidate } {
    const rising = this.#rising().filter((index) => !this.#dropped.has(index));
    return {
      rising,
      known: rising.map((index) => this.#known(index)),
      ask: async (at, what) => {
        await this.measure([rising[at]!], [what]);
        return this.#known(rising[at]!);
      },
    };
  }

  /** Measures what is not known of a candidate: its line in the table is complete, also where a filter is off. */
  async #complete(index: number): Promise<void> {
    const effect = this.#effects.get(index)!;
    const missing = quantities.filter((one) => effect[one] === undefined);
    if (missing.length > 0) await this.measure([index], missing);
  }

  #induce(index: number): number | undefined {
    const { induce, deciding } = this.#effects.get(index)!;
    return deciding === undefined ? induce : deciding.induce;
  }

  #known(index: number): KnownCandidate {
    const { layer, position } = this.#fitted[index]!;
    const { bypass, induce = null, kl = null, deciding } = this.#effects.get(index)!;
    return {
      ...{ layer, position, bypass: bypass!, induce, kl },
      deciding: deciding === undefined ? null : { bypass: deciding.bypass!, induce: deciding.induce ?? null },
    };
  }

  /** Those whose bypass is measured. */
  #rising(): number[] {
    return [...this.#effects.keys()].filter((index) => this.has(index)).sort((a, b) => a - b);
  }
}
