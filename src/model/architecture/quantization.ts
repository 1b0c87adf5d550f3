/** Finds the kind of quantization from a checkpoint's config or a tensor, so that the refusal can name it. */

const names: Readonly<Record<string, string>> = {
  bitsandbytes: "bitsandbytes",
  gptq: "GPTQ",
  awq: "AWQ",
  fp8: "FP8",
  fbgemm_fp8: "FP8 (FBGEMM)",
  finegrained_fp8: "FP8",
};

/** @param settings config.json's "quantization_config" */
export function quantizationOf(settings: unknown): string {
  if (settings === null || typeof settings !== "object") return "quantized weights";
  const { quant_method: method, bits, ...rest } = settings as Record<string, unknown>;
  const eight = rest["load_in_8bit"] === true || rest["_load_in_8bit"] === true;
  const four = rest["load_in_4bit"] === true || rest["_load_in_4bit"] === true;
  // Only bitsandbytes was ever written without its name.
  const kind = typeof method === "string" ? method : eight || four ? "bitsandbytes" : null;
  if (kind === null) return "quantized weights of a kind that is not named";
  const width = typeof bits === "number" ? bits : eight ? 8 : four ? 4 : null;
  const name = Object.hasOwn(names, kind) ? names[kind]! : kind;
  return width === null ? `${name} weights` : `${name} weights of ${width} bits`;
}

/** The kind of quantization that a tensor's name and dtype show; null when they show none. */
export function quantizationOfTensor(name: string, dtype: string): string | null {
  if (/^(F32|F16|BF16|F64)$/.test(dtype)) return null;
  if (/\.(qweight|qzeros|g_idx)$/.test(name)) return `${dtype}, as GPTQ and AWQ write`;
  if (dtype.startsWith("F8_")) return `${dtype}, as FP8 checkpoints have`;
  if (
    /\.(absmax|quant_map|nested_absmax|SCB)$|quant_state/.test(name) ||
    (dtype === "U8" && /\.weight$/.test(name))
  )
    return `${dtype}, as bitsandbytes writes`;
  if (/^F[46]/.test(dtype)) return `${dtype}, as microscaling checkpoints have`;
  return dtype === "I8" && name.endsWith(".weight") ? `${dtype}, a weight of 8 bits` : null;
}
