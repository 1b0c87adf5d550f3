/**
 * Reads rotary positions from a configuration. Transformers 4 writes flat keys and rope_scaling, Transformers 5 writes
 * rope_parameters. Defaults are those of Transformers' modeling_rope_utils.py.
 */
import { badInput } from "../../../core/errors.ts";
import type { Rope, RopeScaling } from "./config-types.ts";
import { Settings } from "./settings.ts";

/** The base that every reader assumes when a configuration gives none. */
const usualTheta = 10_000;

/**
 * Reads one kind of scaling.
 * @param context max_position_embeddings
 * @param original the context before it was stretched, used when the parameters do not give it
 */
export type ScalingReader = (parameters: Settings, context: number, original: number) => RopeScaling | null;

const originalKey = "original_max_position_embeddings";

/**
 * "rope_type" → reader, for the kinds that may apply to some layers only. YaRN is not among them, because Transformers
 * looks for its "truncate" outside of the layers' own settings.
 */
export const layerScalings: Readonly<Record<string, ScalingReader>> = {
  default: () => null,
  linear: (parameters) => ({ type: "linear", factor: parameters.positive("factor") }),
  llama3: (parameters, _, original) => ({
    type: "llama3",
    factor: parameters.positive("factor"),
    lowFreqFactor: parameters.positive("low_freq_factor"),
    highFreqFactor: parameters.positive("high_freq_factor"),
    originalContext: parameters.count(originalKey, original),
  }),
};

/** The kinds that most families support. */
const usualScalings: Readonly<Record<string, ScalingReader>> = { ...layerScalings, yarn };

/** YaRN (arXiv 2309.00071). */
function yarn(parameters: Settings, context: number, original: number): RopeScaling {
  const originalContext = parameters.count(originalKey, original);
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

/** LongRoPE (arXiv 2402.13753), for a family whose configuration gives the context of its first training. */
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
  /** Whether the family supports "partial_rotary_factor", which rotates only the first part of a head. */
  partial?: boolean;
  /** The default original context, for a family that always has one beside its rotary settings. */
  original?: number;
}

/** The kind "proportional" of Gemma 4. */
export const proportionalScaling: ScalingReader = (parameters) => {
  const part = parameters.positive("partial_rotary_factor", 1);
  if (part > 1) throw parameters.wrong("partial_rotary_factor", "at most 1", part);
  return { type: "proportional", part, factor: parameters.positive("factor", 1) };
};

/**
 * Reads one set of rotary settings for all layers.
 * @throws FathomError naming a kind of scaling that is not among `kinds`, or a number that is given twice with different
 *   values
 */
export function readRope(
  settings: Settings,
  headDim: number,
  context: number,
  { kinds = usualScalings, partial = false, original }: RopeChoices = {},
): Rope {
  const { parameters, dropped } = flatSettings(settings);
  if (!partial) for (const place of [settings, dropped]) place?.only("partial_rotary_factor", 1);
  // Transformers uses the outer value, whatever the rotary settings contain.
  const outerOriginal =
    settings.has(originalKey) || original !== undefined ? settings.count(originalKey, original) : null;
  if (outerOriginal !== null) parameters.only(originalKey, outerOriginal);
  const rope = readParameters(parameters, headDim, context, {
    outer: settings.positiveOrNull("rope_theta"),
    usual: usualTheta,
    kinds,
    original: outerOriginal ?? context,
    ...(partial ? { rotated: readPart(settings, parameters, headDim) } : {}),
  });
  if (dropped !== null) checkDropped(dropped, rope, headDim);
  return rope;
}

/**
 * A file may have both spellings: a recipe adds "rope_scaling" to a file that Transformers 5 saved. Transformers then
 * reads "rope_scaling" and drops all of "rope_parameters". Fathom does the same.
 */
function flatSettings(settings: Settings): { parameters: Settings; dropped: Settings | null } {
  const at = (key: string) => new Settings(settings.raw(key) ?? {}, `${settings.where} "${key}"`);
  const [newer, older] = [at("rope_parameters"), at("rope_scaling")];
  if (older.isEmpty()) return { parameters: newer, dropped: null };
  return { parameters: older, dropped: newer.isEmpty() ? null : newer };
}

/**
 * The base and the rotated part of a head are not part of a scaling, so a user who added a scaling did not want to change
 * them. Transformers drops them with the rest; another program may not. Fathom therefore refuses them when they differ.
 */
function checkDropped(dropped: Settings, { theta, rotated }: Rope, headDim: number): void {
  const used = { rope_theta: theta, partial_rotary_factor: rotated / headDim };
  for (const [key, read] of Object.entries(used)) {
    const value = dropped.positiveOrNull(key);
    const same = key === "rope_theta" ? value === read : Math.trunc(headDim * (value ?? 0)) === rotated;
    if (value !== null && !same)
      throw badInput(
        `${dropped.where} "${key}"`,
        `${read}, which "rope_scaling" beside it stands for`,
        String(value),
        `one place for both: "${key}" inside "rope_scaling", or the scaling inside "rope_parameters"`,
      );
  }
}

/** How many numbers of a head RoPE rotates. The share may be inside the rotary settings or beside them. */
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
 * Reads one object of rotary settings.
 * @param options.outer the base given outside of the object, which the object may repeat; null when there is none
 * @param options.usual the default base; null when the object must give one
 * @param options.original the context before it was stretched, used when the object does not give it; default `context`
 * @param options.rotated how many numbers of a head RoPE rotates, for a family that rotates a part; default all of them
 */
export function readParameters(
  parameters: Settings,
  headDim: number,
  context: number,
  options: {
    outer: number | null;
    usual: number | null;
    kinds?: Readonly<Record<string, ScalingReader>>;
    original?: number;
    rotated?: number;
  },
): Rope {
  const { outer, usual, kinds = layerScalings, original = context, rotated = headDim } = options;
  const theta = parameters.positive("rope_theta", outer ?? usual ?? undefined);
  if (outer !== null && theta !== outer)
    throw badInput(`${parameters.where} "rope_theta"`, `${outer} as in "rope_theta"`, String(theta));
  const scaling = readScaling(parameters, context, original, kinds);
  // The kind "proportional" reads this key itself, with another meaning.
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

/** Rotary settings by layer type: `local` layers have a sliding window, `global` layers attend to everything. */
export type RopesByType = Record<keyof typeof layerTypes, Rope>;

/**
 * Reads "rope_parameters" with one object per layer type.
 * @param headDims head_dim of each layer type
 * @param thetas the default bases; null when the object must give one
 * @param options.overGlobal settings that override the global layers' own, key by key
 */
export function readRopesByType(
  settings: Settings,
  headDims: Record<keyof RopesByType, number>,
  context: number,
  thetas: Record<keyof RopesByType, number | null>,
  { kinds = layerScalings, overGlobal = null }: RopesByTypeChoices = {},
): RopesByType {
  const parameters = new Settings(
    settings.raw("rope_parameters") ?? {},
    `${settings.where} "rope_parameters"`,
  );
  const of = (type: keyof RopesByType): Rope => {
    const theta = thetas[type];
    const key = layerTypes[type];
    const written = theta === null || parameters.has(key) ? parameters.nested(key) : null;
    const over = type === "global" ? overGlobal : null;
    const own = written !== null && over !== null ? written.under(over) : (written ?? over);
    if (own === null) return { theta: theta!, rotated: headDims[type], scaling: null };
    return readParameters(own, headDims[type], context, { outer: null, usual: theta, kinds });
  };
  const ropes = { local: of("local"), global: of("global") };
  parameters.finish();
  return ropes;
}

interface RopesByTypeChoices {
  kinds?: Readonly<Record<string, ScalingReader>>;
  overGlobal?: Settings | null;
}

/** Reads the scaling of one object of rotary settings. */
function readScaling(
  parameters: Settings,
  context: number,
  original: number,
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
  return reader(parameters, context, original);
}
