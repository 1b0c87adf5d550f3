/** `--adapter`: a folder of PEFT's laid over a base that is open. Nothing is merged or written. */
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import type { Weights } from "../../weights/weights.ts";
import { fitAdapter } from "./fit.ts";
import { openAdapter } from "./open-adapter.ts";
import { type Overlay, overlaid } from "./overlay.ts";

export interface LaidAdapter {
  /** For people: the folder's name. */
  name: string;
  /** The model it was made for, as its maker named it; null when not said. */
  base: string | null;
  /** Hex, of its settings and weights. */
  sha256: string;
  overlay: Overlay;
}

/**
 * @returns configuration and weights of base and adapter together; closing these weights closes the base's
 * @throws FathomError when the adapter is broken, of another kind, or for another model; the base stays open
 */
export function layAdapter(
  path: string,
  base: { config: ModelConfig; weights: Weights },
): { config: ModelConfig; weights: Weights; adapter: LaidAdapter } {
  const opened = openAdapter(path);
  const { config, overlay } = fitAdapter(opened, base.config);
  const { name, sha256 } = opened;
  const adapter = { name, base: opened.config.base, sha256, overlay };
  return { config, weights: overlaid(base.weights, overlay), adapter };
}
