/** The place where Neuronpedia shows a feature. It comes only from the SAE's file; it is never guessed from names. */
import { badInput } from "../../core/errors.ts";
import type { Sae } from "./sae.ts";

/**
 * Reads `neuronpedia_id` of a SAELens configuration, e.g. `gpt2-small/8-res-jb`; null if the file has none.
 * @throws FathomError if it is not "model/source". It becomes part of a link, so nothing else is let through.
 */
export function readNeuronpedia(raw: unknown, where: string): string | null {
  if (raw === undefined || raw === null || raw === "") return null;
  if (typeof raw !== "string" || !/^[\w.-]*\w[\w.-]*\/[\w.-]*\w[\w.-]*$/.test(raw))
    throw badInput(where, 'a model and a source, as in "gpt2-small/8-res-jb"', JSON.stringify(raw));
  return raw;
}

/** Id and link of one feature; null if the SAE's file has no `neuronpedia_id`. */
export function neuronpediaOf(sae: Sae | null, feature: number): { id: string; link: string } | null {
  if (sae === null || sae.neuronpedia === undefined || sae.neuronpedia === null) return null;
  const id = `${sae.neuronpedia}/${feature}`;
  return { id, link: `https://www.neuronpedia.org/${id}` };
}
