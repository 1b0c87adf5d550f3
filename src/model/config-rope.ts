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

/**
 * By their "rope_type", the kinds that may be settings of some layers only. YaRN may not: Transformers looks for its
 * "truncate" outside of the layers' own settings.
 */
export const layerScalings: Readonly<Record<string, ScalingReader>> = {
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

/** The kinds that most families know. */
const usualScalings: Readonly<Record<string, ScalingReader>> = { ...layerScalings, yarn };

/** YaRN (arXiv 2309.00071). */
function yarn(parameters: Settings, context: number): RopeScaling {
  const originalContext = parameters.count("original_max_position_embeddings", context);
  const factor = parameters.positive("factor", context / originalContext);
  const mscale = parameters.positiveOrNull("mscale");
  const mscaleAll = parameters.positiveOrNull("mscale_all_dim");
  const temperature = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const inferred =
    mscale === null || mscaleAll === null ? temperature(1) : temperature(mscale) / temperature(mscaleAll);
  return {
    type: "yarn",
    factor,
    originalContext,
    fastRotations: parameters.positive("beta_fast", 32),
    slowRotations: parameters.positive("beta_slow", 1),
    truncate: parameters.flag("truncate", true),
    attentionFactor: parameters.positive("attention_factor", inferred),
  };
}

/** LongRoPE (arXiv 2402.13753), of a family that names the context it was first trained on. */
export function longRope(parameters: Settings, context: number, originalContext: number): RopeScaling {
  const factor = parameters.positive("factor", context / originalContext);
  const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalContext));
  return {
    type: "longrope",
    shortFactors: parameters.positives("short_factor"),
    longFactors: parameters.positives("long_factor"),
    originalContext,
    attentionFactor: parameters.positive("attention_factor", inferred),
  };
}

export interface RopeChoices {
  kinds?: Readonly<Record<string, ScalingReader>>;
  /** Whether the family turns the first part of a head only, where "partial_rotary_factor" says so. */
  partial?: boolean;
}

/** Gemma 4's. */
export const proportionalScaling: ScalingReader = (parameters) => {
  const part = parameters.positive("partial_rotary_factor", 1);
  if (part > 1) throw parameters.wrong("partial_rotary_factor", "at most 1", part);
  return { type: "proportional", part, factor: parameters.positive("factor", 1) };
};

/**
 * One set of rotary settings for all layers.
 * @throws FathomError for a kind of scaling that is not among `kinds`, by name
 */
export function readRope(
  settings: Settings,
  headDim: number,
  context: number,
  { kinds = usualScalings, partial = false }: RopeChoices = {},
): Rope {
  const key = settings.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const parameters = new Settings(settings.raw(key) ?? {}, `${settings.where} "${key}"`);
  // Both spellings may be written side by side, for old and new readers.
  settings.inert(["rope_scaling"]);
  if (!partial) settings.only("partial_rotary_factor", 1);
  return readParameters(parameters, headDim, context, {
    outer: settings.positiveOrNull("rope_theta"),
    usual: usualTheta,
    kinds,
    ...(partial ? { rotated: readPart(settings, parameters, headDim) } : {}),
  });
}

/** How many numbers of a head turn; the share may stand inside the rotary settings or beside them. */
function readPart(settings: Settings, parameters: Settings, headDim: number): number {
  const key = "partial_rotary_factor";
  const beside = settings.positiveOrNull(key);
  const share = parameters.positiveOrNull(key) ?? beside ?? 1;
  if (beside !== null && share !== beside) throw parameters.wrong(key, `${beside} as in "${key}"`, share);
  const rotated = Math.trunc(headDim * share);
  if (share > 1 || rotated % 2 !== 0 || rotated === 0)
    throw settings.wrong(key, `an even part of the ${headDim} of a head`, share);
  return rotated;
}

/**
 * One object of rotary settings.
 * @param options.outer the base written outside of it, which it may repeat
 * @param options.usual the base where none is written; null where one must be
 * @param options.rotated for a family that turns a part of each head; all of it where not given
 */
export function readParameters(
  parameters: Settings,
  headDim: number,
  context: number,
  options: {
    outer: number | null;
    usual: number | null;
    kinds?: Readonly<Record<string, ScalingReader>>;
    rotated?: number;
  },
): Rope {
  const { outer, usual, kinds = layerScalings, rotated = headDim } = options;
  const theta = parameters.positive("rope_theta", outer ?? usual ?? undefined);
  if (outer !== null && theta !== outer)
    throw badInput(`${parameters.where} "rope_theta"`, `${outer} as in "rope_theta"`, String(theta));
  const scaling = readScaling(parameters, context, kinds);
  // A kind that reads it has its own meaning for it.
  if (options.rotated === undefined && scaling?.type !== "proportional")
    parameters.only("partial_rotary_factor", 1);
  if (scaling?.type === "longrope")
    for (const { length } of [scaling.shortFactors, scaling.longFactors])
      if (length !== rotated / 2)
        throw badInput(parameters.where, `${rotated / 2} factors each, short and long`, String(length));
  parameters.finish();
  return { theta, rotated, scaling };
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
  kinds: Readonly<Record<string, ScalingReader>> = layerScalings,
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
function readScaling(
  parameters: Settings,
  context: number,
  kinds: Readonly<Record<string, ScalingReader>>,
): RopeScaling | null {
  const older = parameters.text("type", "default");
  const type = parameters.text("rope_type", older);
  const reader = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (reader === undefined)
    throw parameters.wrong(
      "rope_type",
      Object.keys(kinds)
        .map((kind) => JSON.stringify(kind))
        .join(" or "),
      type,
    );
  return reader(parameters, context);
}
