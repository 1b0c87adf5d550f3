/** Measures candidate directions over all validation prompts: bypass, induce and KL, or some of the three. */
import { unit } from "../../../anatomy/direction/means.ts";
import { groupBy } from "../../../stats/group.ts";
import { mean } from "../../../stats/summary.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { type Arm, type Arms, scoresAt } from "./interventions.ts";
import type { DirectionStudy } from "./study.ts";

export const quantities = ["bypass", "induce", "kl"] as const;
export type Quantity = (typeof quantities)[number];

/** What was measured of a candidate; what was not asked for is missing. */
export type Effect = Partial<Record<Quantity, number>> & {
  /** At the deciding position; missing if that is the prompt's last token. */
  deciding?: { bypass?: number; induce?: number };
};

/**
 * Candidates of one layer are measured together, so that what lies below their layer is computed once. Each layer is a piece
 * of work that a kill cannot take back.
 * @param wanted what is measured, in the order of `quantities`
 * @param onMeasured called with how many candidates are measured
 * @returns [candidates]
 */
export async function measureCandidates(
  study: DirectionStudy,
  candidates: readonly PlacedVector[],
  wanted: readonly Quantity[],
  onMeasured: (count: number) => void,
): Promise<{ effects: Effect[]; blockEvaluations: number }> {
  const measured = new Map<PlacedVector, Effect>();
  let blockEvaluations = 0;
  for (const [layer, own] of groupBy(candidates, (candidate) => candidate.layer)) {
    const positions = own.map(({ position }) => position);
    const piece = await study.memory.recall("direction candidates", { layer, positions, wanted }, () =>
      measureTogether(study, own, wanted),
    );
    blockEvaluations += piece.ablated.blockEvaluations + piece.added.blockEvaluations;
    own.forEach((candidate, i) =>
      measured.set(candidate, effectOf(study, wanted, piece.ablated.arms[i], piece.added.arms[i])),
    );
    onMeasured(measured.size);
  }
  return { effects: candidates.map((candidate) => measured.get(candidate)!), blockEvaluations };
}

const nothing: Arms = { arms: [], blockEvaluations: 0 };

/** One arm per candidate: of the harmful prompts before the harmless ones, as far as they are needed. */
async function measureTogether(
  { interventions, validate: { harmful, harmless } }: DirectionStudy,
  candidates: readonly PlacedVector[],
  wanted: readonly Quantity[],
): Promise<{ ablated: Arms; added: Arms }> {
  const [bypass, induce, kl] = quantities.map((one) => wanted.includes(one));
  const each = candidates.map((_, i) => [i]);
  const doses = candidates.map((_, vector) => ({ vector, dose: 1 }));
  const read = [...(bypass === true ? harmful : []), ...(kl === true ? harmless : [])];
  const units = candidates.map(({ vector }) => unit(vector));
  return {
    ablated:
      read.length === 0
        ? nothing
        : await interventions.ablated(units, each, read, kl === true ? harmless : undefined),
    added: induce === true ? await interventions.added(candidates, doses, harmless) : nothing,
  };
}

function effectOf(
  { places, validate: { harmful } }: DirectionStudy,
  wanted: readonly Quantity[],
  ablated: Arm | undefined,
  added: Arm | undefined,
): Effect {
  const at = (place: number) => ({
    ...(wanted.includes("bypass")
      ? { bypass: mean(scoresAt(ablated!, place, places).slice(0, harmful.length)) }
      : {}),
    ...(wanted.includes("induce") ? { induce: mean(scoresAt(added!, place, places)) } : {}),
  });
  return {
    ...at(0),
    ...(wanted.includes("kl") ? { kl: mean([...ablated!.kl!]) } : {}),
    ...(places === 1 ? {} : { deciding: at(places - 1) }),
  };
}
