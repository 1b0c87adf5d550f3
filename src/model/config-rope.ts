/**
 * How a configuration spells rotary positions: flat with rope_scaling (Transformers 4), or rope_parameters (5). What
 * is left out is as in Transformers' modeling_rope_utils.py.
 */
import { badInput } from "../core/errors.ts";
import type { Rope, RopeScaling } from "./config-types.ts";
import type { Settings } from "./settings.ts";

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

  // Both spellings may be written side by side, for old and new readers.
  settings.inert(["rope_scaling"]);
  return readParameters(settings.nested(key), headDim, context, {
    outer: flatTheta,
    usual: usualTheta,
    kinds,
  });
}

/**
 * One object of rotary settings.
 * @param options.outer the base written outside of it, which it may repeat
 * @param options.usual the base where none is written; null where one must be
 */
export function readParameters(
  parameters: Settings,
  headDim: number,
  context: number,
  options: {
    outer: number | null;
    usual: number | null;
    kinds?: Readonly<Record<string, ScalingReader>>;
  },
): Rope {
  const { outer, usual, kinds = usualScalings } = options;
  const theta = parameters.positive("rope_theta", outer ?? usual ?? undefined);
  if (outer !== null && theta !== outer)
    throw badInput(`${parameters.where} "rope_theta"`, `${outer} as in "rope_theta"`, String(theta));
  const scaling = readScaling(parameters, context, kinds);
  // A kind that reads it has its own meaning for it.
  if (scaling?.type !== "proportional") parameters.only("partial_rotary_factor", 1);
  parameters.finish();
  return { theta, rotated: headDim, scaling };
}

const layerTypes = { local: "sliding_attention", global: "full_attention" } as const;

/** By what the layers look at: those behind a window, and those that see everything. */
export type RopesByType = Record<keyof typeof layerTypes, Rope>;

/**
 * "rope_parameters" with an object for each type of layer.
 * @param headDims of the layers of each type
 * @param thetas the bases where none is written; null where one must be
 */
export function readRopesByType(
  settings: Settings,
  headDims: Record<keyof RopesByType, number>,
  context: number,
  thetas: Record<keyof RopesByType, number | null>,
  kinds: Readonly<Record<string, ScalingReader>> = usualScalings,
): RopesByType {
  const parameters = settings.nested("rope_parameters");
  const of = (type: keyof RopesByType): Rope => {
    const theta = thetas[type];
    if (theta !== null && !parameters.has(layerTypes[type]))
      return { theta, rotated: headDims[type], scaling: null };
    const own = parameters.nested(layerTypes[type]);
    return readParameters(own, headDims[type], context, { outer: null, usual: theta, kinds });
  };
  const ropes = { local: of("local"), global: of("global") };
  parameters.finish();
  return ropes;
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
