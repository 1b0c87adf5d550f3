/** Writes rounds, cascade and backups as the parts of anatomy.json that are about redundancy. */
import type { Backup } from "../../anatomy/depth/backups.ts";
import type { Hardening } from "../../anatomy/depth/hardening.ts";
import type { MeanRepair, Repair } from "../../anatomy/depth/repair.ts";
import { silentOnClean } from "../../anatomy/depth/silence.ts";
import { setOf } from "../../anatomy/subject/feature-set.ts";
import type { Candidate, FeatureSet, Subject } from "../../anatomy/subject/subject.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { estimated, meanOf, shareOf, spreadOf } from "./stages/estimates.ts";
import type { Redundancy } from "./stages/redundancy.ts";

type RedundancyPart = Pick<
  Anatomy,
  "depth" | "depth_on_test" | "ending" | "rounds" | "dormant" | "cascade" | "backups"
>;

export const noRedundancy: RedundancyPart = {
  ...{ depth: null, depth_on_test: null, ending: null, rounds: [], dormant: null, cascade: [], backups: [] },
};

export function redundancyRecord(
  prepared: Pick<Subject, "prompts">,
  candidates: readonly Candidate[],
  { clean, depth, heldOut, tested, cascade, backups, chance, hardened }: Redundancy,
  level: number,
): RedundancyPart {
  const features = (set: FeatureSet) => set.map((index) => candidates[index]!);
  return {
    depth: depth.depth,
    depth_on_test: heldOut === null ? null : { ...heldOut.depth, n: tested.length },
    ending: depth.ending,
    rounds: depth.rounds.map((round, r) => ({
      features: features(round.features),
      width: round.features.length,
      alternatives: round.found.sets.map((set) => features(set.features)),
      answers: round.free,
      test: heldOut?.rounds[r] ?? null,
      woken: wokenOf(chance[r] ?? null, level),
      hardening: hardeningOf(hardened[r] ?? null, tested.length, level),
    })),
    dormant: heldOut === null ? null : setOf(tested.flatMap((prompt) => silentOnClean(clean, prompt))).length,
    cascade: cascade.map((repair, round) => cascadeOf(prepared, tested, repair, round, level)),
    backups: backups.map((backup) => ({
      ...candidates[backup.feature]!,
      ...backupOf(backup, tested.length),
      woken_at_random: chance[backup.wokeAfter - 1]?.share.get(backup.feature) ?? null,
    })),
  };
}

type Round = Anatomy["rounds"][number];

function wokenOf(chance: Redundancy["chance"][number], level: number): Round["woken"] {
  if (chance === null) return null;
  const { estimate, interval } = spreadOf(chance.atRandom, level);
  return { mean: chance.woken, random: { mean: estimate!, interval: interval! }, p: chance.p };
}

function hardeningOf(hardened: Hardening | null, tested: number, level: number): Round["hardening"] {
  if (hardened === null) return null;
  const { recruits, returned, interval, harmlessRefusing } = hardened;
  const { on, clean, of } = harmlessRefusing;
  return {
    recruits: recruits.length,
    returned: estimated(returned, interval, tested),
    harmless: { on: shareOf(on, of, level), clean: shareOf(clean, of, level) },
  };
}

function cascadeOf(
  { prompts }: Pick<Subject, "prompts">,
  tested: readonly number[],
  { ablated, free, held, repair, p, repairAtCleanNorm }: Repair,
  round: number,
  level: number,
): Anatomy["cascade"][number] {
  const over = (values: Float64Array) => meanOf({ subject: { prompts } }, tested, [...values], level);
  const n = tested.length;
  const repaired = ({ mean, interval }: MeanRepair) => ({ estimate: mean, interval, n });
  return {
    ...{ round, ablated: ablated.length, free: over(free), held: over(held) },
    ...{ repair: repaired(repair), p, repair_at_clean_norm: repaired(repairAtCleanNorm) },
  };
}

function backupOf(
  { status, wokeAfter, prompts, activeUnablated, effect, interval, alone, p, q, idleP, margin }: Backup,
  n: number,
): Omit<Anatomy["backups"][number], "sae" | "layer" | "feature" | "woken_at_random"> {
  return {
    ...{ status, wakes_after: wokeAfter, woke_on: prompts, active_unablated: activeUnablated },
    effect: { estimate: effect, interval, n },
    ...{ alone, p, q, idle_p: idleP, margin },
  };
}
