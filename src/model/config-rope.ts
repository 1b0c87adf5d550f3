/**
 * How a configuration spells rotary positions: flat with rope_scaling (Transformers 4), or rope_parameters (5). What
 * is left out is as in Transformers' modeling_rope_utils.py.
 */
import { badInput } from "../core/errors.ts";
import type { Rope, RopeScaling } from "./config-types.ts";
import { Settings } from "./settings.ts";

/** The base that every reader assumes where a configuration names none. */
const usualTheta = 10_000;

/** One kind of scaling. @param context max_position_embeddings */
export type ScalingReader = (parameters: Settings, context: number) => RopeScaling | null;

/** The kinds that every family knows, by their "rope_type". */
export const usualScalings: Readonly<Record<string, ScalingReader>> = {
  default: () => null,
  linear: (parameters) => ({ type: "linear", factor: parameters.positive("factor") }),
  llama3: (parameters, context) => ({
    type: "llama3",
    factor: parameters.positive("factor"),
    lowFreqFactor: parameters.positive("low_freq_factor"),
    highFreqFactor: parameters.positive("high_freq_factor"),
    originalContext: parameters.count("original_max_position_embeddings", context),
  }),
};

/**
 * One set of rotary settings for all layers.
 * @throws FathomError for a kind of scaling that is not among `kinds`, by name
 */
export function readRope(
  settings: Settings,
  headDim: number,
  context: number,
  kinds: Readonly<Record<string, ScalingReader>> = usualScalings,
): Rope {
  const flatTheta = settings.has("rope_theta") ? settings.positive("rope_theta") : null;
  settings.only("partial_rotary_factor", 1);
  const key = settings.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (!settings.has(key)) return { theta: flatTheta ?? usualTheta, rotated: headDim, scaling: null };

  const parameters = new Settings(settings.raw(key), `${settings.where} "${key}"`);
  const theta = parameters.has("rope_theta") ? parameters.positive("rope_theta") : null;
  if (theta !== null && flatTheta !== null && theta !== flatTheta)
    throw badInput(`${parameters.where} "rope_theta"`, `${flatTheta} as in "rope_theta"`, String(theta));
  parameters.only("partial_rotary_factor", 1);
  const scaling = readScaling(parameters, context, kinds);
  parameters.finish();
  // Both spellings may be written side by side, for old and new readers.
  settings.inert(["rope_scaling"]);
  return { theta: theta ?? flatTheta ?? usualTheta, rotated: headDim, scaling };
}

/** The scaling that one object of rotary settings asks for. */
export function readScaling(
  parameters: Settings,
  context: number,
  kinds: Readonly<Record<string, ScalingReader>> = usualScalings,
): RopeScaling | null {
  const older = parameters.text("type", "default");
  const type = parameters.text("rope_type", older);
  const reader = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (reader === undefined)
    throw badInput(
      `${parameters.where} "rope_type"`,
      Object.keys(kinds)
        .map((kind) => JSON.stringify(kind))
        .join(" or "),
      JSON.stringify(type),
    );
  return reader(parameters, context);
}
