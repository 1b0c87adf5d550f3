/** An SAE that passed the load gate, opened for work. */
import { decoderOf } from "../../../sae/code/edit.ts";
import { SaeSession } from "../../../sae/code/sae-session.ts";
import type { Dictionary } from "./dictionary.ts";

export interface OpenDictionary extends Dictionary {
  session: SaeSession;
  /** [d_sae, d_in]: what a feature of activation 1 writes, before the SAE's normalization is undone. */
  decoder: Float32Array;
}

export async function openDictionary(
  dictionary: Dictionary,
  threads: number | null,
): Promise<OpenDictionary> {
  const { sae } = dictionary;
  const session = await SaeSession.open(sae, threads === null ? {} : { threads });
  return { ...dictionary, session, decoder: decoderOf(sae) };
}
