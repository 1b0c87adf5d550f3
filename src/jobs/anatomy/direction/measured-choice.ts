/** Measures candidates until one can be chosen: all of them, or those that estimates and a pilot leave (screen.ts). */
import type { DirectionFilters } from "../../../anatomy/direction/choose.ts";
import { unit } from "../../../anatomy/direction/means.ts";
import { byEstimate, mayBeat, pilotPrompts, pilotSize } from "../../../anatomy/direction/screen.ts";
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import { mean } from "../../../stats/summary.ts";
import type { Tell } from "../../job/job-events.ts";
import { CandidateTable, type MeasuredChoice } from "./candidate-table.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { scoresAt } from "./interventions.ts";
import { quantities } from "./measure-candidates.ts";
import { type Estimates, estimateBypass, estimateInduce } from "./screen-candidates.ts";
import type { DirectionStudy } from "./study.ts";

export interface ChoiceOptions {
  /** Measure all candidates, and not only those that a screen leaves. */
  exhaustive: boolean;
  /** Share of the candidates that the screen leaves; as many again while none of them can be chosen. */
  screenedShare: number;
  filters: DirectionFilters;
}

/** @param fitted the candidates' vectors @param deciding the place of the score by which they are chosen */
export async function measuredChoice(
  study: DirectionStudy,
  fitted: readonly PlacedVector[],
  deciding: ScorePlace,
  options: ChoiceOptions,
  tell: Tell,
): Promise<MeasuredChoice> {
  const table = new CandidateTable(study, fitted, options.filters, tell);
  if (options.exhaustive) await table.measure([...fitted.keys()], quantities);
  else await measureScreened(table, study, fitted, deciding, options);
  return await table.result();
}

/**
 * Bypass and induce of the best share by the pilot are measured first. Where none of them passes the filters, `induce` alone decides
 * who of the others comes next. KL is measured only where the choice depends on it, and of the contenders only the bypass, unless it
 * is lower than the chosen one's.
 */
async function measureScreened(
  table: CandidateTable,
  study: DirectionStudy,
  fitted: readonly PlacedVector[],
  deciding: ScorePlace,
  { filters, screenedShare }: ChoiceOptions,
): Promise<void> {
  const { leastInduce } = filters;
  const screening = await estimateBypass(study, fitted, deciding);
  const order = byEstimate(fitted, screening.estimates, filters, table.layers);
  const inPilot = order.slice(0, pilotSize(order.length));
  const pilot = await readPilot(study, fitted, inPilot);
  table.blockEvaluations += screening.blockEvaluations + pilot.blockEvaluations;
  const { scores } = pilot;
  inPilot.sort((a, b) => mean(scores.get(a)!) - mean(scores.get(b)!) || a - b);
  const size = Math.ceil(screenedShare * order.length);
  let queue = [...inPilot, ...order.slice(inPilot.length)];
  const next = () => {
    const own = queue.slice(0, size);
    queue = queue.slice(size);
    return own;
  };
  await table.measure(next(), leastInduce === null ? ["bypass"] : ["bypass", "induce"]);
  let induce: Estimates | null = null;
  while (queue.length > 0 && !(await table.hasPassing())) {
    if (leastInduce === null) {
      await table.measure(next(), ["bypass"]);
      continue;
    }
    if (induce === null) {
      induce = await estimateInduce(study, fitted, deciding);
      table.blockEvaluations += induce.blockEvaluations;
    }
    queue = table.thatMayInduce(queue, induce.estimates, leastInduce);
    await table.measureThoseThatInduce(next(), leastInduce);
  }
  for (;;) {
    const chosen = (await table.choice())?.index ?? -1;
    const own = scores.get(chosen);
    if (own === undefined) return;
    const contenders = inPilot.filter((index) => !table.has(index) && mayBeat(scores.get(index)!, own));
    if (contenders.length === 0) return;
    await table.measure(contenders, ["bypass"]);
    table.drop(contenders, chosen);
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
    ),
  );
  const scores = new Map(indices.map((index, i) => [index, scoresAt(arms[i]!, places - 1, places)]));
  return { scores, blockEvaluations };
}
