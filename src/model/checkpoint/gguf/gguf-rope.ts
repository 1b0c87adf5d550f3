/** Reads the rotary scaling of a GGUF file and writes it as config.json's "rope_scaling". */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../../core/errors.ts";
import { readExactly } from "../../../files/disk/read.ts";
import type { Settings } from "../../architecture/settings/settings.ts";
import type { GgufHeader, GgufTensor } from "./header.ts";

/** The divisors of the frequencies, [rotated / 2] per tensor; null when the file has no such tensor. */
export interface RopeTensors {
  /** For sequences of any length. */
  always: Float32Array | null;
  /** LongRoPE, for sequences within the context of the first training. */
  short: Float32Array | null;
  /** LongRoPE, for longer sequences. */
  long: Float32Array | null;
}

const names = {
  always: "rope_freqs.weight",
  short: "rope_factors_short.weight",
  long: "rope_factors_long.weight",
} as const;

/** Whether a tensor belongs to the configuration and is not a weight. */
export const isRopeTensor = (name: string): boolean => Object.values<string>(names).includes(name);

export function readRopeTensors({ tensors }: GgufHeader): RopeTensors {
  const read = (name: string): Float32Array | null => {
    const tensor = tensors.find((one) => one.name === name);
    return tensor === undefined ? null : wholeTensor(tensor);
  };
  return { always: read(names.always), short: read(names.short), long: read(names.long) };
}

type Scaling = Readonly<Record<string, unknown>>;

/** @throws FathomError for an unknown scaling, or one that the file gives twice */
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
  const written = read(settings);
  const { always, short, long } = tensors;
  if (always === null && short === null && long === null) return written;
  if (written !== null)
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
 * llama.cpp stores the divisors of the frequencies instead of the four numbers from which they are computed. Llama 3.1 to
 * 3.3 use low 1, high 4 and 8,192 positions; the factor is the largest divisor. Other divisors are refused.
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

/** Llama 3's divisor of each rotary frequency, [headDim / 2]. */
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
