/**
 * Serializes a graph as an ONNX model. Values that no output depends on are left out. A forward graph and its derived
 * backward graph may therefore share one Graph and be written as two models. Field numbers are those of onnx.proto (IR
 * version 10).
 */

import { badInput } from "../core/errors.ts";
import type { Device } from "../core/records/device.ts";
import type { Dim } from "./build/dims.ts";
import { bytesPerElement, type DType, encodeElements, onnxDataType } from "./build/dtype.ts";
import { type Emitter, type Graph, type OnnxAttribute, reservedPrefix, type Value } from "./build/graph.ts";
import { Message } from "./protobuf.ts";

const irVersion = 10;
const opsets: readonly (readonly [domain: string, version: number])[] = [
  ["", 23],
  ["com.microsoft", 1],
];

/** The place of a weight's bytes when a session opens the model. */
export type WeightPlacement =
  | {
      kind: "external";
      /** File, relative to the session's folder for external data. */
      location: string;
      /** In bytes. */
      offset: number;
      /** In bytes: elements times the size of the weight's dtype. */
      length: number;
    }
  | { kind: "inline"; bytes: Uint8Array }
  /** The weight is given at each run, as a graph input of its name. */
  | { kind: "input" };

/**
 * @param device the device that will run the model
 * @throws FathomError when the graph has no outputs, or when a placement's size differs from the size of the weight.
 */
export function toOnnx(
  graph: Graph,
  place: (name: string) => WeightPlacement,
  device: Device = "cpu",
): Uint8Array {
  if (graph.outputs.size === 0) throw badInput("toOnnx", "a graph with outputs", "none");
  const reached = valuesReachingOutputs(graph);
  const names = nameValues(graph, reached);
  const writer = new NodeWriter(names, device);
  const body = writer.body;
  const inputs: Message[] = [];

  for (const value of reached) {
    const source = graph.sourceOf(value);
    const name = names.get(value.id)!;
    if (source.kind === "constant") body.message(5, tensor(name, value.dtype, value.dims, source.bytes));
    if (source.kind === "input") inputs.push(valueInfo(name, value));
    if (source.kind === "weight") {
      const placement = place(source.name);
      if (placement.kind === "input") inputs.push(valueInfo(name, value));
      else body.message(5, placedTensor(source.name, value, placement));
    }
  }
  const reachedIds = new Set(reached.map((value) => value.id));
  for (const node of graph.nodes) {
    if (node.outputs.some((output) => reachedIds.has(output.id))) node.operator.emit(node, writer);
  }
  for (const [name, value] of graph.outputs) {
    // The value already has another name: it is an input, a weight, a constant, or another output too.
    if (names.get(value.id) !== name) writer.raw("Identity", [names.get(value.id)!], [name], {}, "");
  }

  body.string(2, "fathom");
  for (const input of inputs) body.message(11, input);
  for (const [name, value] of graph.outputs) body.message(12, valueInfo(name, value));

  const model = new Message().int(1, irVersion).string(2, "fathom").message(7, body);
  for (const [domain, version] of opsets) {
    model.message(8, new Message().string(1, domain).int(2, version));
  }
  return model.finish();
}

/** In the order of their ids. All outputs of a reached node count as reached, because ONNX needs a name for each. */
function valuesReachingOutputs(graph: Graph): Value[] {
  const reached = new Map<number, Value>();
  const pending = [...graph.outputs.values()];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (reached.has(value.id)) continue;
    reached.set(value.id, value);
    const source = graph.sourceOf(value);
    if (source.kind === "node") pending.push(...source.node.inputs, ...source.node.outputs);
  }
  return [...reached.values()].sort((a, b) => a.id - b.id);
}

function nameValues(graph: Graph, values: readonly Value[]): Map<number, string> {
  const names = new Map<number, string>();
  for (const value of values) {
    const source = graph.sourceOf(value);
    const named = source.kind === "input" || source.kind === "weight";
    names.set(value.id, named ? source.name : `${reservedPrefix}v${value.id}`);
  }
  for (const [name, value] of graph.outputs) {
    if (graph.sourceOf(value).kind === "node" && names.get(value.id)!.startsWith(reservedPrefix)) {
      names.set(value.id, name);
    }
  }
  return names;
}

/** Collects the nodes that operators write and the constants that they need. */
class NodeWriter implements Emitter {
  readonly body = new Message();
  readonly device: Device;
  readonly #names: ReadonlyMap<number, string>;
  readonly #constants = new Map<string, string>();
  #made = 0;

  constructor(names: ReadonlyMap<number, string>, device: Device) {
    this.#names = names;
    this.device = device;
  }

  into(
    outputs: readonly Value[],
    opType: string,
    inputs: readonly (Value | string)[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: "" | "com.microsoft" = "",
  ): void {
    const outputNames = outputs.map((value) => this.#names.get(value.id)!);
    this.raw(opType, this.#operands(inputs), outputNames, attributes, domain);
  }

  node(
    opType: string,
    inputs: readonly (Value | string)[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: "" | "com.microsoft" = "",
  ): string {
    const name = `${reservedPrefix}t${this.#made++}`;
    this.raw(opType, this.#operands(inputs), [name], attributes, domain);
    return name;
  }

  ints(values: readonly number[]): string {
    return this.#constant(values, "int64", [values.length]);
  }

  scalar(value: number, dtype: DType): string {
    return this.#constant([value], dtype, []);
  }

  raw(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    domain: string,
  ): void {
    const node = new Message();
    for (const input of inputs) node.string(1, input);
    for (const output of outputs) node.string(2, output);
    node.string(4, opType);
    for (const [name, attribute] of Object.entries(attributes)) node.message(5, attributeOf(name, attribute));
    node.string(7, domain);
    this.body.message(1, node);
  }

  #operands(inputs: readonly (Value | string)[]): string[] {
    return inputs.map((input) => (typeof input === "string" ? input : this.#names.get(input.id)!));
  }

  #constant(values: readonly number[], dtype: DType, dims: readonly number[]): string {
    const key = `${dtype} ${dims.join(",")} ${values.join(",")}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `${reservedPrefix}c${this.#constants.size}`;
      this.#constants.set(key, name);
      this.body.message(5, tensor(name, dtype, dims, encodeElements(values, dtype)));
    }
    return name;
  }
}

function attributeOf(name: string, attribute: OnnxAttribute): Message {
  const message = new Message().string(1, name);
  if (typeof attribute === "number") return message.int(3, attribute).int(20, 2);
  if (typeof attribute === "string") return message.string(4, attribute).int(20, 3);
  if ("float" in attribute) return message.float(2, attribute.float).int(20, 1);
  for (const item of attribute) message.int(8, item);
  return message.int(20, 7);
}

function tensor(name: string, dtype: DType, dims: readonly Dim[], bytes: Uint8Array): Message {
  return tensorHeader(name, dtype, dims).bytes(9, bytes);
}

function tensorHeader(name: string, dtype: DType, dims: readonly Dim[]): Message {
  const message = new Message();
  for (const dim of dims) message.int(1, Number(dim));
  return message.int(2, onnxDataType[dtype]).string(8, name);
}

function placedTensor(
  name: string,
  { dtype, dims }: Value,
  placement: Exclude<WeightPlacement, { kind: "input" }>,
): Message {
  const expected = dims.reduce<number>((product, dim) => product * Number(dim), bytesPerElement[dtype]);
  const found = placement.kind === "inline" ? placement.bytes.length : placement.length;
  if (found !== expected) {
    throw badInput(`weight ${name}`, `${expected} bytes for ${dtype} [${dims.join(", ")}]`, `${found}`);
  }
  if (placement.kind === "inline") return tensor(name, dtype, dims, placement.bytes);
  const entries = { location: placement.location, offset: placement.offset, length: placement.length };
  const message = tensorHeader(name, dtype, dims);
  for (const [key, entry] of Object.entries(entries)) {
    message.message(13, new Message().string(1, key).string(2, String(entry)));
  }
  return message.int(14, 1);
}

function valueInfo(name: string, { dtype, dims }: Value): Message {
  const shape = new Message();
  for (const dim of dims) {
    const size = new Message();
    shape.message(1, typeof dim === "number" ? size.int(1, dim) : size.string(2, dim));
  }
  const tensorType = new Message().int(1, onnxDataType[dtype]).message(2, shape);
  return new Message().string(1, name).message(2, new Message().message(1, tensorType));
}
