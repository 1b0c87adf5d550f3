/** Measures candidates until one can be chosen: all of them, or those that estimates and a pilot leave (screen.ts). */
import {
  type Candidate,
  chooseAnyway,
  type DirectionFilters,
  effectsOf,
  type GivenUp,
} from "../../../anatomy/direction/choose.ts";
import { unit } from "../../../anatomy/direction/means.ts";
import {
  byEstimate,
  mayBeat,
  mayInduce,
  pilotPrompts,
  pilotSize,
} from "../../../anatomy/direction/screen.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import { mean } from "../../../stats/summary.ts";
import type { Tell } from "../../job/job-events.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { scoresAt } from "./interventions.ts";
import { measureCandidates } from "./measure-candidates.ts";
import { type Estimates, estimateBypass, estimateInduce } from "./screen-candidates.ts";
import type { DirectionStudy } from "./study.ts";

export interface ChoiceOptions {
  /** Measure all candidates, and not only those that a screen leaves. */
  exhaustive: boolean;
  /** Share of the candidates that the screen leaves; as many again while none of them can be chosen. */
  screenedShare: number;
  filters: DirectionFilters;
}

/** Where a candidate was taken, and what it does. */
export interface Choice {
  at: PlacedVector;
  candidate: Candidate;
  /** The filters that the choice does without, because they reject all candidates. */
  givenUp: GivenUp[];
}

export interface MeasuredChoice {
  /** In the order of the fitted ones. */
  candidates: Candidate[];
  /** null if all candidates are too deep. */
  chosen: Choice | null;
  blockEvaluations: number;
}

/** @param fitted the candidates' vectors @param deciding the place of the score by which they are chosen */
export async function measuredChoice(
  study: DirectionStudy,
  fitted: readonly PlacedVector[],
  deciding: ScorePlace,
  options: ChoiceOptions,
  tell: Tell,
): Promise<MeasuredChoice> {
  const table = new Table(study, fitted, options.filters, tell);
  if (options.exhaustive) await table.measure([...fitted.keys()]);
  else await measureScreened(table, study, fitted, deciding, options);
  return table.result();
}

async function measureScreened(
  table: Table,
  study: DirectionStudy,
  fitted: readonly PlacedVector[],
  deciding: ScorePlace,
  { filters, screenedShare }: ChoiceOptions,
): Promise<void> {
  const screening = await estimateBypass(study, fitted, deciding);
  const order = byEstimate(fitted, screening.estimates, filters, table.layers);
  const inPilot = order.slice(0, pilotSize(order.length));
  const pilot = await readPilot(study, fitted, inPilot);
  table.blockEvaluations += screening.blockEvaluations + pilot.blockEvaluations;
  const { scores } = pilot;
  inPilot.sort((a, b) => mean(scores.get(a)!) - mean(scores.get(b)!) || a - b);
  const size = Math.ceil(screenedShare * order.length);
  let queue = [...inPilot, ...order.slice(inPilot.length)];
  let induce: Estimates | null = null;
  while (queue.length > 0 && !table.hasPassing()) {
    await table.measure(queue.slice(0, size));
    queue = queue.slice(size);
    if (filters.leastInduce === null || queue.length === 0 || table.hasPassing()) continue;
    if (induce === null) {
      induce = await estimateInduce(study, fitted, deciding);
      table.blockEvaluations += induce.blockEvaluations;
    }
    queue = table.thatMayInduce(queue, induce.estimates, filters.leastInduce);
  }
  for (;;) {
    const own = scores.get(table.choice()?.index ?? -1);
    if (own === undefined) return;
    const contenders = inPilot.filter((index) => !table.has(index) && mayBeat(scores.get(index)!, own));
    if (contenders.length === 0) return;
    await table.measure(contenders);
  }
}

/** The score of a few harmful prompts at the deciding position while each candidate is ablated, by the candidate's index. */
async function readPilot(
  { interventions, memory, validate: { harmful }, places }: DirectionStudy,
  fitted: readonly PlacedVector[],
  indices: readonly number[],
): Promise<{ scores: Map<number, number[]>; blockEvaluations: number }> {
  const prompts = harmful.slice(0, pilotPrompts(harmful.length));
  const of = indices.map((index) => [fitted[index]!.layer, fitted[index]!.position]);
  const { arms, blockEvaluations } = await memory.recall("pilot of the directions", { of }, () =>
    interventions.ablated(
      indices.map((index) => unit(fitted[index]!.vector)),
      indices.map((_, i) => [i]),
      prompts,
      false,
    ),
  );
  const scores = new Map(indices.map((index, i) => [index, scoresAt(arms[i]!, places - 1, places)]));
  return { scores, blockEvaluations };
}

/** The candidates that are measured so far. */
class Table {
  readonly layers: number;
  blockEvaluations = 0;
  readonly #study: DirectionStudy;
  readonly #fitted: readonly PlacedVector[];
  readonly #filters: DirectionFilters;
  readonly #tell: Tell;
  readonly #measured = new Map<number, Candidate>();

  constructor(study: DirectionStudy, fitted: readonly PlacedVector[], filters: DirectionFilters, tell: Tell) {
    this.layers = study.interventions.model.checkpoint.config.layers.length;
    this.#study = study;
    this.#fitted = fitted;
    this.#filters = filters;
    this.#tell = tell;
  }

  has(index: number): boolean {
    return this.#measured.has(index);
  }

  async measure(indices: readonly number[]): Promise<void> {
    const rising = [...indices].sort((a, b) => a - b);
    const before = this.#measured.size;
    const total = before + rising.length;
    const { candidates, blockEvaluations } = await measureCandidates(
      this.#study,
      rising.map((index) => this.#fitted[index]!),
      (done) => {
        this.#tell({ kind: "counted", what: "directions", done: before + done, total, unit: "measurements" });
      },
    );
    rising.forEach((index, i) => this.#measured.set(index, candidates[i]!));
    this.blockEvaluations += blockEvaluations;
  }

  /** The chosen one, by its index among all fitted ones. */
  choice(): { index: number; givenUp: GivenUp[] } | null {
    const rising = this.#rising();
    const candidates = rising.map((index) => this.#measured.get(index)!);
    const chosen = chooseAnyway(candidates, this.#filters, this.layers);
    return chosen === null ? null : { ...chosen, index: rising[chosen.index]! };
  }

  /** Whether a candidate passes all filters. */
  hasPassing(): boolean {
    return this.choice()?.givenUp.length === 0;
  }

  /** Those of the queue that may pass the filter, as far as estimates [candidates] tell. */
  thatMayInduce(queue: readonly number[], estimates: readonly number[], least: number): number[] {
    const measured = [...this.#measured].map(([index, candidate]) => ({
      ...{ estimate: estimates[index]!, induce: effectsOf(candidate).induce },
    }));
    return queue.filter((index) => mayInduce(estimates[index]!, least, measured));
  }

  result(): MeasuredChoice {
    const choice = this.choice();
    return {
      candidates: this.#rising().map((index) => this.#measured.get(index)!),
      chosen:
        choice === null
          ? null
          : {
              at: this.#fitted[choice.index]!,
              candidate: this.#measured.get(choice.index)!,
              givenUp: choice.givenUp,
            },
      blockEvaluations: this.blockEvaluations,
    };
  }

  #rising(): number[] {
    return [...this.#measured.keys()].sort((a, b) => a - b);
  }
}
