/** llama.cpp's names of tensors → Hugging Face's names. */
import { badInput } from "../../../core/errors.ts";
import type { GgufArchitecture } from "./gguf-architectures.ts";

const outer: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

const inner: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** @throws FathomError naming a tensor that models of this architecture do not have */
export function huggingFaceName(
  path: string,
  name: string,
  { parts, architecture }: GgufArchitecture,
): string {
  const block = /^blk\.(\d{1,6})\.([a-z_]+)\.(weight|bias)$/.exec(name);
  const known: Readonly<Record<string, string>> = { ...inner, ...parts };
  const part = block !== null && Object.hasOwn(known, block[2]!) ? known[block[2]!] : undefined;
  const mapped =
    block === null ? outer[name] : part && `model.layers.${Number(block[1])}.${part}.${block[3]}`;
  if (mapped === undefined)
    throw badInput(`${path} "${name}"`, `only tensors of a ${architecture}`, "this one");
  return mapped;
}
