/** `--adapter`: lays a PEFT adapter over an open base model. No weights are merged, and no file is written. */
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import type { Weights } from "../../weights/weights.ts";
import { fitAdapter } from "./fit.ts";
import { openAdapter } from "./open-adapter.ts";
import { type Overlay, overlaid } from "./overlay.ts";

export interface LaidAdapter {
  /** For people: the folder's name. */
  name: string;
  /** The model that it was trained on, as its maker named it; null when not given. */
  base: string | null;
  /** SHA-256, hex, of its settings and weights. */
  sha256: string;
  overlay: Overlay;
}

/**
 * @returns configuration and weights of base and adapter together. Closing these weights also closes the base's.
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
