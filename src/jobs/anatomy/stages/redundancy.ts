/** How many rounds of parts carry the refusal, what wakes in each, and which of the woken features matter. */
import { type Backup, testBackups } from "../../../anatomy/depth/backups.ts";
import { type Hardening, hardening } from "../../../anatomy/depth/hardening.ts";
import { type HeldOut, heldOut } from "../../../anatomy/depth/held-out.ts";
import { type Repair, repairs } from "../../../anatomy/depth/repair.ts";
import { type Depth, redundancyDepth } from "../../../anatomy/depth/rounds.ts";
import { type CleanActivity, cleanActivity } from "../../../anatomy/depth/silence.ts";
import { type WakingNull, wakingNull } from "../../../anatomy/depth/waking-null.ts";
import { boundaryOf, type FoundSets } from "./minimal-sets.ts";
import { free, limitsOf, promptsOf, refusingOf, type Stage } from "./stage.ts";

export interface Redundancy {
  clean: CleanActivity;
  depth: Depth;
  /** Test prompts that refuse without an ablation: what follows is measured on them. */
  tested: number[];
  /** The rounds on them; null where no test prompt refuses, or there is no round. */
  heldOut: HeldOut | null;
  /** The clean run, then one per round: scores with the rounds so far ablated, and with everything silent held silent. */
  cascade: Repair[];
  backups: Backup[];
  /** By round: what its ablation wakes, beside random changes; null where no test prompt refuses. */
  chance: (WakingNull | null)[];
  /** By round: what comes back if its recruits, the features of the next round, are held on; null without recruits. */
  hardened: (Hardening | null)[];
}

export async function redundancyOf(stage: Stage, found: FoundSets): Promise<Redundancy> {
  const { subject, plan, decoderCosine, random, level } = stage;
  const { pooled } = found;
  const { sizes } = plan;
  const { resamples } = sizes;
  const parts = ["fit", "validate", "test"] as const;
  const harmless = parts.flatMap((part) => promptsOf(stage, part, "harmless"));
  const clean = await cleanActivity(
    subject,
    parts.flatMap((part) => promptsOf(stage, part, "harmful")),
    harmless,
  );
  const trial = {
    ...free(pooled.standing.refusing),
    boundary: boundaryOf(found),
    needed: pooled.standing.needed,
  };
  const depth = await redundancyDepth(subject, clean, trial, {
    decoderCosine,
    limits: limitsOf(stage),
    mostRounds: sizes.rounds,
  });
  const test = await refusingOf(stage, promptsOf(stage, "test", "harmful"));
  if (test.length === 0 || depth.rounds.length === 0)
    return { clean, depth, tested: test, heldOut: null, cascade: [], backups: [], chance: [], hardened: [] };
  const ablated = depth.rounds.map((round) => round.ablated);
  const draws = (name: string) => ({ resamples, level, random: random.split(name) });
  const { needed, refusing } = pooled.standing;
  const onTest = await heldOut(subject, test, ablated, needed / refusing.length, draws("held out"));
  const cascade = await repairs(subject, clean, test, [[], ...ablated], draws("repair"));
  const rounds = depth.rounds.map((round, r) => ({
    ablated: round.ablated,
    next: depth.rounds[r + 1]?.found.sets.map(({ features }) => features) ?? [],
  }));
  const backups = await testBackups(subject, clean, test, rounds, draws("backups"));
  const chance: Redundancy["chance"] = [];
  const hardened: Redundancy["hardened"] = [];
  for (const [r, set] of ablated.entries()) {
    chance.push(
      await wakingNull(subject, clean, test.slice(0, sizes.control_prompts), set, {
        draws: sizes.waking_draws,
        random: random.split(`waking ${r}`),
      }),
    );
    const recruits = depth.rounds[r + 1]?.features;
    const prompts = { prompts: test, harmless: promptsOf(stage, "test", "harmless") };
    hardened.push(
      recruits === undefined
        ? null
        : await hardening(subject, clean, prompts, set, recruits, draws(`hardening ${r}`)),
    );
  }
  return { clean, depth, tested: test, heldOut: onTest, cascade, backups, chance, hardened };
}
