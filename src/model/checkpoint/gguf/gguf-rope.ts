/** How GGUF files tell of scaled rotary positions, as config.json's "rope_scaling". */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../../core/errors.ts";
import { readExactly } from "../../../files/disk/read.ts";
import type { Settings } from "../../architecture/settings/settings.ts";
import type { GgufHeader, GgufTensor } from "./header.ts";

/** By what each frequency is divided; [rotated / 2] values each, null where the file has no such tensor. */
export interface RopeTensors {
  /** At every position. */
  always: Float32Array | null;
  /** LongRoPE: within the context that the model was first trained on, and beyond it. */
  short: Float32Array | null;
  long: Float32Array | null;
}

const names = {
  always: "rope_freqs.weight",
  short: "rope_factors_short.weight",
  long: "rope_factors_long.weight",
} as const;

/** Part of the configuration, not a weight. */
export const isRopeTensor = (name: string): boolean => Object.values<string>(names).includes(name);

export function readRopeTensors({ tensors }: GgufHeader): RopeTensors {
  const read = (name: string): Float32Array | null => {
    const tensor = tensors.find((one) => one.name === name);
    return tensor === undefined ? null : wholeTensor(tensor);
  };
  return { always: read(names.always), short: read(names.short), long: read(names.long) };
}

type Scaling = Readonly<Record<string, unknown>>;

/** @throws FathomError for a scaling that is not known, or told twice */
export function ropeScaling(settings: Settings, headDim: number, tensors: RopeTensors): Scaling | null {
  const type = settings.text("rope.scaling.type", "none");
  const read = kinds[type];
  if (read === undefined || !Object.hasOwn(kinds, type))
    throw settings.wrong(
      "rope.scaling.type",
      Object.keys(kinds)
        .map((kind) => JSON.stringify(kind))
        .join(" or "),
      type,
    );
  settings.inert(["rope.scaling.original_context_length", "rope.scaling.finetuned"]);
  const told = read(settings);
  const { always, short, long } = tensors;
  if (always === null && short === null && long === null) return told;
  if (told !== null)
    throw settings.wrong("rope.scaling.type", '"none" beside a tensor of rotary factors', type);
  if (always !== null && short === null && long === null) return recognizeLlama3(settings, headDim, always);
  if (always !== null || short === null || long === null)
    throw badInput(
      settings.where,
      `both ${names.short} and ${names.long}, or ${names.always}`,
      "another choice",
    );
  return {
    rope_type: "longrope",
    short_factor: [...short],
    long_factor: [...long],
    attention_factor: settings.positive("rope.scaling.attn_factor", 1),
  };
}

const kinds: Readonly<Record<string, (settings: Settings) => Scaling | null>> = {
  none: (settings) => {
    settings.only("rope.scaling.factor", 0, 1);
    const factor = settings.positive("rope.scale_linear", 1);
    return factor === 1 ? null : { rope_type: "linear", factor };
  },
  linear: (settings) => ({ rope_type: "linear", factor: settings.positive("rope.scaling.factor") }),
  yarn: (settings) => ({
    rope_type: "yarn",
    factor: settings.positive("rope.scaling.factor"),
    original_max_position_embeddings: settings.count("rope.scaling.original_context_length"),
    beta_fast: settings.positive("rope.scaling.yarn_beta_fast", 32),
    beta_slow: settings.positive("rope.scaling.yarn_beta_slow", 1),
  }),
};

/**
 * llama.cpp stores the divisors of the frequencies instead of the four numbers that make them. Llama 3.1 to 3.3 use
 * low 1, high 4 and 8,192 positions; the factor is the largest divisor. Anything else is refused.
 */
function recognizeLlama3(settings: Settings, headDim: number, factors: Float32Array): Scaling {
  const factor = factors.reduce((a, b) => Math.max(a, b), 0);
  const expected = llama3Divisors(headDim, settings.positive("rope.freq_base", 10_000), factor);
  const fits =
    factors.length === expected.length &&
    expected.every((divisor, i) => Math.abs(factors[i]! / divisor - 1) < 1e-4);
  if (!fits)
    throw badInput(
      `${settings.where} "${names.always}"`,
      "the rotary scaling of Llama 3.1 to 3.3",
      "another one",
    );
  return { rope_type: "llama3", factor, ...llama3 };
}

const llama3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } as const;

/** [headDim / 2]: by how much Llama 3 divides each rotary frequency. */
export function llama3Divisors(headDim: number, theta: number, factor: number): number[] {
  const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context } = llama3;
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const smooth = (context / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function wholeTensor({ file, type, shape, offset, length }: GgufTensor): Float32Array<ArrayBuffer> {
  const fd = openSync(file, "r");
  try {
    const out = new Float32Array(shape.reduce((product, size) => product * size, 1));
    type.decode(readExactly(fd, file, offset, length), out, 0);
    return out;
  } finally {
    closeSync(fd);
  }
}
