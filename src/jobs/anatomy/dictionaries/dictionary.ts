/** An SAE as a dictionary of features that can be ablated. */
import type { Sae } from "../../../sae/code/sae.ts";

export interface Dictionary {
  /** Its key (core/sae-keys.ts). */
  key: string;
  sae: Sae;
  /** The block whose output it reads. */
  layer: number;
}
