/**
 * The inside views of a run, one per SAE: the result of the load gate, the pooled features, and the part that is stored. From
 * that part a report can be made again without the model and the SAEs.
 */
import type { Analysis } from "../../audit/analyse.ts";
import type { GivenSae } from "../../audit/common/answers.ts";
import type { Catalog } from "../../core/records/catalog.ts";
import type { StoredInside } from "../../core/records/inside.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import { textOf } from "../../model/checkpoint/checkpoint.ts";
import { neuronpediaOf } from "../../sae/code/neuronpedia.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { failures, overrideSentence } from "../../sae/measure/gate/override.ts";
import { gateSpool } from "../inputs/judged-texts.ts";
import { withContexts } from "./answers/feature-contexts.ts";
import { activationsOf } from "./answers/sidecar.ts";
import { type PooledRun, type PoolInput, poolFeatures, textsToSplice } from "./features.ts";
import type { Manifest } from "./manifest.ts";

/** An SAE and its results in this run. */
export interface UsedSae extends PooledRun {
  key: string;
  sae: Sae;
  layer: number;
  override: string | null;
}

/**
 * @param known the manifest's entries for the SAEs, in the same order
 * @throws FathomError when a sidecar is missing or damaged
 */
export async function useSaes(
  saes: readonly Sae[],
  known: Manifest["inputs"]["saes"],
  input: PoolInput,
): Promise<UsedSae[]> {
  const keys = saeKeys(known);
  const layers = known.map(({ layer }) => layer);
  const spool = gateSpool();
  try {
    const spliced = textsToSplice(input.model, layers, input.observations, spool);
    const used: UsedSae[] = [];
    for (const [i, sae] of saes.entries()) {
      const { name, layer } = known[i]!;
      const pooled = await poolFeatures(input, sae, layer, spliced);
      const overridden = !pooled.gate.passed && pooled.features !== null;
      const override = overridden ? overrideSentence(name, pooled.gate) : null;
      used.push({ ...pooled, key: keys[i]!, sae, layer, override });
    }
    return used;
  } finally {
    spool.close();
  }
}

export function givenSae({ key, features, gate }: UsedSae): GivenSae {
  if (features !== null) return { key, features };
  const failed = failures(gate);
  const not_measured =
    failed.length > 0
      ? `not measured: the SAE failed the load gate. ${failed.join(" ")}`
      : `not measured: the load gate could not judge the SAE. ${gate.checks.map(({ sentence }) => sentence).join(" ")}`;
  return { key, features, not_measured };
}

/** The stored part of a view. @param used null without an SAE @param input null without a model of ours @throws FathomError when a sidecar is missing or damaged */
export async function keptOf(
  { catalog, selection, ...table }: Analysis["insides"][number],
  used: UsedSae | null,
  input: PoolInput | null,
): Promise<{ view: StoredInside; catalog: Catalog | null }> {
  const override = used?.override ?? null;
  const chosenOn = new Set(selection);
  return {
    view: {
      ...table,
      special_tokens: used?.leftOut.special ?? 0,
      massive_tokens: used?.leftOut.massive ?? 0,
      massive_norm: used?.massiveNorm ?? null,
      answers_without_tokens: used?.leftOut.answers ?? 0,
      gate_override: override,
      gate: used?.gate.checks.map(({ name, status, sentence }) => ({ name, status, sentence })) ?? null,
    },
    catalog:
      catalog === null || used === null || input === null
        ? null
        : {
            ...(await withContexts(shownOn(catalog, used.sae), {
              sae: used.sae,
              tokenizer: textOf(input.model.checkpoint).tokenizer,
              observations: input.observations.filter(({ key }) => chosenOn.has(key)),
              activationsOf: (observation) => activationsOf(input.run, observation, used.layer),
              massiveNorm: used.massiveNorm ?? Infinity,
            })),
            ...(override === null ? {} : { gate_override: override }),
          },
  };
}

/** The catalog with the Neuronpedia page of each feature, if the SAE names one. */
function shownOn(catalog: Catalog, sae: Sae): Catalog {
  return {
    ...catalog,
    categories: catalog.categories.map(({ features, ...category }) => ({
      ...category,
      features: features.map((feature) => ({ ...feature, neuronpedia: neuronpediaOf(sae, feature.feature) })),
    })),
  };
}
