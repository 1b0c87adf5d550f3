/** Finds the use of every tensor of adapter_model.safetensors from its name. A tensor without a known use is refused. */
import { badInput } from "../../../core/errors.ts";
import type { SafetensorsFile } from "../../../files/tensors/safetensors.ts";
import { isFloat } from "../../../files/tensors/stored-tensor.ts";
import { containerNames, textNames } from "../../architecture/containers.ts";

/** The LoRA factors of one module. Each value is the name of a tensor in the file. */
export interface Factors {
  /** A [r, in] and B [out, r]; for an embedding, A [r, rows] and B [width, r]. */
  A?: string;
  B?: string;
  /** The bias of B, [out]. */
  bias?: string;
}

export interface AdapterTensors {
  /** By module, e.g. "model.layers.0.self_attn.q_proj". */
  linear: Map<string, Factors>;
  embedding: Map<string, Factors>;
  /** Tensors that replace the base's: name in the base → name in the file. */
  whole: Map<string, string>;
  /** The name of a module in the model that the adapter was made for. It is longer in a multimodal model. */
  theirName: (module: string) => string;
}

/** PEFT wraps the model twice, which gives every name this prefix. */
const prefix = "base_model.model.";

/** @throws FathomError naming a tensor whose use is not known, or whose type is not a float */
export function sortTensors(file: SafetensorsFile): AdapterTensors {
  const names = [...file.entries.keys()].map((name) => name.slice(prefix.length));
  const textName = textNames(names);
  const theirName = containerNames(names);
  const sorted: AdapterTensors = { linear: new Map(), embedding: new Map(), whole: new Map(), theirName };
  for (const [name, { dtype }] of file.entries) {
    const where = `${file.path} "${name}"`;
    if (!isFloat(dtype)) throw badInput(where, "F32, F16, BF16 or F64", dtype);
    if (!name.startsWith(prefix)) throw badInput(where, `a name that begins with "${prefix}"`, "this one");
    const own = textName(name.slice(prefix.length));
    // null for a tensor of a tower: Fathom computes only the text part.
    if (own !== null) put(sorted, own, name, where);
  }
  return sorted;
}

function put(sorted: AdapterTensors, own: string, name: string, where: string): void {
  const factor = /^(.+)\.lora_(?:([AB])\.weight|(B)\.bias|embedding_([AB]))$/.exec(own);
  if (factor !== null) {
    const [, module, linear, bias, embedding] = factor;
    const modules = embedding === undefined ? sorted.linear : sorted.embedding;
    const factors = modules.get(module!) ?? {};
    modules.set(module!, factors);
    if (bias === undefined) factors[(linear ?? embedding) as "A" | "B"] = name;
    else factors.bias = name;
    return;
  }
  // Wrapped layers keep their own tensors below "base_layer".
  const whole = /^(.+?)(?:\.base_layer)?\.(weight|bias)$/.exec(own);
  if (whole === null || own.includes("lora_"))
    throw badInput(where, "a tensor of plain LoRA, or one of the base's own", "another kind of tensor");
  const target = `${whole[1]}.${whole[2]}`;
  if (sorted.whole.has(target)) throw badInput(where, `"${target}" once`, "twice");
  sorted.whole.set(target, name);
}
