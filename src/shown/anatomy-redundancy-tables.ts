/** Tables of the redundancy of an anatomy: rounds, the score over them, backups, and what holding them on would do. */
import { formatInterval, formatNumber, formatProbability, formatValue } from "../core/format.ts";
import type { Anatomy } from "../core/records/anatomy.ts";
import { featureNames, setNames } from "./anatomy-features.ts";
import { orDash, score, type Table, withInterval } from "./anatomy-tables.ts";

export function roundsTable({ rounds, sites }: Anatomy): Table {
  const named = setNames({ sites });
  return {
    head: [
      "Round",
      "New features",
      "Width",
      "Other minimal sets",
      "Comply, fit",
      "Comply, test",
      "Features woken",
      "Woken at random",
    ],
    rows: rounds.map(({ features, width, alternatives, answers, test, woken }, i) => [
      String(i + 1),
      named(features),
      String(width),
      String(Math.max(0, alternatives.length - 1)),
      `${answers.complied} of ${answers.asked}`,
      test === null ? "–" : `${test.complied} of ${test.asked}`,
      orDash(woken?.mean ?? null, formatNumber),
      woken === null
        ? "–"
        : `${formatNumber(woken.random.mean)} ${formatInterval(woken.random.interval, "")}`,
    ]),
  };
}

export function cascadeTable({ cascade }: Anatomy): Table {
  return {
    head: [
      "Rounds ablated",
      "Features ablated",
      "Free (m)",
      "Held silent (m₀)",
      "Repair",
      "n",
      "p",
      "Repair at the clean norm",
    ],
    rows: cascade.map(({ round, ablated, free, held, repair, p, repair_at_clean_norm }) => [
      round === 0 ? "none (clean run)" : String(round),
      String(ablated),
      withInterval(free, score),
      withInterval(held, score),
      withInterval(repair, score),
      String(repair.n),
      round === 0 ? "–" : formatProbability(p),
      withInterval(repair_at_clean_norm, score),
    ]),
  };
}

/** What holding the recruits of each round on would do. */
export function hardeningTable({ rounds }: Anatomy): Table {
  return {
    head: [
      ...["Round ablated", "Recruits held on", "Refusal that returns", "n"],
      ...["Harmless refused, on", "Harmless refused, clean", "n, harmless"],
    ],
    rows: rounds.flatMap(({ hardening }, i) =>
      hardening === null
        ? []
        : [
            [
              ...[String(i + 1), String(hardening.recruits), withInterval(hardening.returned, "share")],
              String(hardening.returned.n),
              withInterval(hardening.harmless.on, "share"),
              withInterval(hardening.harmless.clean, "share"),
              String(hardening.harmless.on.n),
            ],
          ],
    ),
  };
}

type Backup = Anatomy["backups"][number];

/** Why a feature that woke has its status. */
export function backupReason({ status, effect, q, idle_p, margin }: Backup): string {
  switch (status) {
    case "load-bearing":
      return `Without it the refusal score falls by ${withInterval(effect, score)} (q ${formatProbability(q)}).`;
    case "idle":
      return `It wakes and does nothing: its effect is smaller than ${formatNumber(margin)} (p ${formatProbability(idle_p)}).`;
    case "undetermined":
      return `Its effect, ${withInterval(effect, score)}, is told apart neither from 0 (q ${formatProbability(q)}) nor from one that matters.`;
  }
}

export const statusWords = {
  "load-bearing": "Load-bearing",
  idle: "Idle",
  undetermined: "Undetermined",
} as const satisfies Record<Backup["status"], string>;

export function backupsTable({ backups, sites }: Anatomy): Table {
  const nameOf = featureNames({ sites });
  return {
    head: [
      ...["Feature", "Status", "Why", "Effect, log-odds", "Alone", "Wakes after", "Woke on"],
      ...["Active unablated", "At random"],
    ],
    rows: backups.map((backup) => [
      nameOf(backup),
      statusWords[backup.status],
      backupReason(backup),
      withInterval(backup.effect, score),
      formatValue(backup.alone, score),
      `round ${backup.wakes_after}`,
      `${backup.woke_on} prompts`,
      `${backup.active_unablated} prompts`,
      formatValue(backup.woken_at_random, "share"),
    ]),
  };
}
