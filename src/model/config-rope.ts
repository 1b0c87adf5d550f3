/** How a configuration spells rotary positions: flat with rope_scaling (Transformers 4), or rope_parameters (5). */
import { badInput } from "../core/errors.ts";
import type { Rope, RopeScaling } from "./config-types.ts";
import { Settings } from "./settings.ts";

/** The base that every reader assumes where a configuration names none. */
const usualTheta = 10_000;

/**
 * One set of rotary settings for all layers.
 * @throws FathomError for a kind of scaling that Fathom does not compute, by name
 */
export function parseRope(settings: Settings, headDim: number): Rope {
  const flatTheta = settings.has("rope_theta") ? settings.positive("rope_theta") : null;
  settings.only("partial_rotary_factor", 1);
  const key = settings.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (!settings.has(key)) return { theta: flatTheta ?? usualTheta, rotated: headDim, scaling: null };

  const parameters = new Settings(settings.raw(key), `${settings.where} "${key}"`);
  const theta = parameters.has("rope_theta") ? parameters.positive("rope_theta") : null;
  if (theta !== null && flatTheta !== null && theta !== flatTheta)
    throw badInput(`${parameters.where} "rope_theta"`, `${flatTheta} as in "rope_theta"`, String(theta));
  parameters.only("partial_rotary_factor", 1);
  const scaling = parseScaling(parameters);
  parameters.finish();
  // Both spellings may be written side by side, for old and new readers.
  settings.inert(["rope_scaling"]);
  return { theta: theta ?? flatTheta ?? usualTheta, rotated: headDim, scaling };
}

function parseScaling(parameters: Settings): RopeScaling | null {
  const older = parameters.text("type", "default");
  const type = parameters.text("rope_type", older);
  switch (type) {
    case "default":
      return null;
    case "linear":
      return { type, factor: parameters.positive("factor") };
    case "llama3":
      return {
        type,
        factor: parameters.positive("factor"),
        lowFreqFactor: parameters.positive("low_freq_factor"),
        highFreqFactor: parameters.positive("high_freq_factor"),
        originalContext: parameters.count("original_max_position_embeddings"),
      };
    default:
      throw badInput(
        `${parameters.where} "rope_type"`,
        '"default", "linear" or "llama3"',
        JSON.stringify(type),
      );
  }
}
