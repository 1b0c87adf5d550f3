/** Where Neuronpedia shows a feature: only ever what an SAE's file says, never a guess from names. */
import { badInput } from "../../core/errors.ts";
import type { Sae } from "./sae.ts";

/**
 * `neuronpedia_id` of a SAELens configuration, e.g. `gpt2-small/8-res-jb`; null where the file has none.
 * @throws FathomError for anything but a model and a source: it becomes part of a link
 */
export function readNeuronpedia(raw: unknown, where: string): string | null {
  if (raw === undefined || raw === null || raw === "") return null;
  if (typeof raw !== "string" || !/^[\w.-]*\w[\w.-]*\/[\w.-]*\w[\w.-]*$/.test(raw))
    throw badInput(where, 'a model and a source, as in "gpt2-small/8-res-jb"', JSON.stringify(raw));
  return raw;
}

/** Id and link of one feature; null where the SAE's file names no place. */
export function neuronpediaOf(sae: Sae | null, feature: number): { id: string; link: string } | null {
  if (sae === null || sae.neuronpedia === undefined || sae.neuronpedia === null) return null;
  const id = `${sae.neuronpedia}/${feature}`;
  return { id, link: `https://www.neuronpedia.org/${id}` };
}
