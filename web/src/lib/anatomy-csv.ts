/** The numbers of an anatomy's charts as CSV: one column per number, intervals in two. */

import { type Cell, toCsv } from "../../../src/core/csv.ts";
import type { Anatomy } from "../../../src/core/records/anatomy.ts";
import { mapFeatures } from "../../../src/shown/anatomy-features.ts";
import { onFront } from "../../../src/shown/anatomy-front.ts";
import type { Estimate } from "../../../src/shown/anatomy-tables.ts";

const spread = (name: string): string[] => [name, `${name}_lo`, `${name}_hi`, `${name}_n`];
const cells = ({ estimate, interval, n }: Estimate): Cell[] => [
  estimate,
  interval?.[0] ?? null,
  interval?.[1] ?? null,
  n,
];

export function featuresCsv(anatomy: Anatomy): string {
  return toCsv(
    ["sae", "layer", "feature", "wakes_after", "role", ...spread("effect"), "harmful", "harmless"],
    mapFeatures(anatomy).map(({ sae, layer, feature, wakes, role, effect, active_on }) => [
      ...[sae, layer, feature, wakes, role, ...cells(effect), active_on.harmful, active_on.harmless],
    ]),
  );
}

export function cascadeCsv({ cascade }: Anatomy): string {
  return toCsv(
    [
      ...["round", "ablated", ...spread("m"), ...spread("m0"), ...spread("repair"), "p"],
      ...spread("repair_at_clean_norm"),
    ],
    cascade.map(({ round, ablated, free, held, repair, p, repair_at_clean_norm }) => [
      ...[round, ablated, ...cells(free), ...cells(held), ...cells(repair), p],
      ...cells(repair_at_clean_norm),
    ]),
  );
}

export function paretoCsv({ pareto }: Anatomy): string {
  const front = onFront(pareto);
  return toCsv(
    [
      ...["size", "kind", ...spread("refusing"), ...spread("score"), ...spread("kl")],
      ...[...spread("cross_entropy"), "on_front"],
    ],
    pareto.map(({ size, kind, refusing, score, kl, cross_entropy }, i) => [
      ...[size, kind, ...cells(refusing), ...cells(score), ...cells(kl), ...cells(cross_entropy)],
      front[i]! ? "yes" : "no",
    ]),
  );
}
