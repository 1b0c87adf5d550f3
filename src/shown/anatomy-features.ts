/** Names of sites and features, as every table, sentence and chart of an anatomy writes them. This folder imports no zod: the page uses it. */
import type { Anatomy } from "../core/records/anatomy.ts";

export interface FeatureName {
  sae: string;
  layer: number;
  feature: number;
}

export const siteName = (layer: number): string => (layer === -1 ? "embedding" : `block ${layer}`);

export const keyOf = ({ sae, feature }: FeatureName): string => `${sae}/${feature}`;

/** e.g. `#12 in block 3`; with its SAE where another SAE reads the same block. */
export function featureNames({ sites }: Pick<Anatomy, "sites">): (feature: FeatureName) => string {
  const alone = (layer: number) => sites.filter((site) => site.layer === layer).length < 2;
  return ({ sae, layer, feature }) => `#${feature} in ${siteName(layer)}${alone(layer) ? "" : ` (${sae})`}`;
}

/** A set by its sites, e.g. `#12 in block 1; #3, #40 in block 3`. */
export function setNames(anatomy: Pick<Anatomy, "sites">): (features: readonly FeatureName[]) => string {
  const nameOf = featureNames(anatomy);
  return (features) => {
    const bySae = new Map<string, FeatureName[]>();
    for (const one of features) bySae.set(one.sae, [...(bySae.get(one.sae) ?? []), one]);
    return [...bySae.values()]
      .map((own) => [...own.slice(0, -1).map(({ feature }) => `#${feature}`), nameOf(own.at(-1)!)].join(", "))
      .join("; ");
  };
}

type Shown = Anatomy["features"][number];
export type Role = "in a minimal set" | "load-bearing" | "idle" | "undetermined" | "in no set";

/** What a feature is in the layer map. */
export interface MapFeature extends Shown {
  /** 0: it is active on the clean run. r: the ablation of round r wakes it. */
  wakes: number;
  role: Role;
}

/** The features of the layer map, by site, then round of waking, strongest first. */
export function mapFeatures({ features, backups, minimal_sets, rounds }: Anatomy): MapFeature[] {
  const woken = new Map(backups.map((backup) => [keyOf(backup), backup]));
  const sets = [...minimal_sets.map((set) => set.features), ...rounds.flatMap((round) => round.alternatives)];
  const inSet = new Set(sets.flat().map(keyOf));
  return features
    .map((feature): MapFeature => {
      const backup = woken.get(keyOf(feature));
      return {
        ...feature,
        wakes: backup?.wakes_after ?? 0,
        role: backup?.status ?? (inSet.has(keyOf(feature)) ? "in a minimal set" : "in no set"),
      };
    })
    .sort(
      (a, b) => a.layer - b.layer || a.wakes - b.wakes || (b.effect.estimate ?? 0) - (a.effect.estimate ?? 0),
    );
}

export const wakesWords = (wakes: number): string =>
  wakes === 0 ? "Active from the start" : `Wakes after round ${wakes}`;
