/**
 * A graph of tensor operations under construction: values with a known dtype and shape, and the nodes that compute
 * them. It knows no operator by name. Each operator (`ops/`) defines its own ONNX form and its own gradient rule.
 */

import { badInput } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import { type Dim, formatDims } from "./dims.ts";
import { type DType, encodeElements, type TypedArray } from "./dtype.ts";

export type { Dim } from "./dims.ts";
export type { DType, TypedArray } from "./dtype.ts";

/** Names of inputs, weights and outputs must not start with this. The serializer names all other values with it. */
export const reservedPrefix = "%";

/** A tensor in a graph. Ids rise in the order in which values are made, so the graph can run in the order of ids. */
export interface Value {
  readonly graph: Graph;
  readonly id: number;
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** dtype and dims of a value that does not exist yet. */
export interface Type {
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** One application of an operator. */
export interface Node<Attributes extends object = object> {
  readonly operator: Operator<Attributes>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** The arguments of a gradient rule. */
export interface Backward<Attributes extends object = object> extends Node<Attributes> {
  /** d loss / d output, one per output; undefined where no loss depends on that output. */
  readonly cotangents: readonly (Value | undefined)[];
  /** The cotangent of output 0, for the operators that have only one. */
  readonly cotangent: Value;
  /** Whether d loss / d input is needed, one per input. A rule may return undefined where it is not. */
  readonly wanted: readonly boolean[];
}

/** An operator: its ONNX form, and how a gradient passes through it. */
export interface Operator<Attributes extends object = object> {
  readonly kind: string;
  /** Writes the ONNX nodes that compute `node.outputs` from `node.inputs`. */
  emit(node: Node<Attributes>, onnx: Emitter): void;
  /** d loss / d input, one per input, each with that input's dims; undefined where it is zero everywhere. */
  gradient(node: Backward<Attributes>): (Value | undefined)[];
}

export type OnnxAttribute = number | string | { readonly float: number } | readonly number[];

/** An operator writes its ONNX nodes here. An operand is a value of the graph or a name that an earlier call returned. */
export interface Emitter {
  /**
   * The device that will run the model. Execution providers support different operators, and ONNX Runtime silently runs
   * on the CPU an operator that a provider lacks.
   */
  readonly device: Device;
  /** Writes a node that computes one of the graph's values. */
  into(
    outputs: readonly Value[],
    opType: string,
    inputs: readonly (Value | string)[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: "" | "com.microsoft",
  ): void;
  /** Writes a node whose one output is not a value of the graph, and returns that output's name. */
  node(
    opType: string,
    inputs: readonly (Value | string)[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: "" | "com.microsoft",
  ): string;
  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): string;
  /** A constant without axes. */
  scalar(value: number, dtype: DType): string;
}

/** The origin of a value. */
export type Source =
  | { readonly kind: "input" | "weight"; readonly name: string }
  | { readonly kind: "constant"; readonly bytes: Uint8Array }
  | { readonly kind: "node"; readonly node: Node };

export class Graph {
  /** In the order in which they were added. */
  readonly nodes: Node[] = [];
  /** By name. */
  readonly outputs = new Map<string, Value>();
  readonly #sources: Source[] = [];
  readonly #named = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #nonEmpty = new Set<string>();

  /** The caller guarantees that axes of these names never have size 0. Shapes then need no check at run time. */
  neverEmpty(...names: string[]): void {
    for (const name of names) this.#nonEmpty.add(name);
  }

  /** Whether an axis has elements whenever the graph runs. A sum has elements when one of its parts has. */
  isNeverEmpty(dim: Dim): boolean {
    if (typeof dim === "number") return dim > 0;
    return dim.split("+").some((part) => this.#nonEmpty.has(part));
  }

  /** A tensor that the caller gives at each run. */
  input(name: string, dtype: DType, dims: readonly Dim[]): Value {
    return this.#addNamed("input", name, { dtype, dims });
  }

  /** A tensor of the model. The place of its bytes is given when the graph is serialized. */
  weight(name: string, dtype: DType, dims: readonly number[]): Value {
    return this.#addNamed("weight", name, { dtype, dims });
  }

  /** A small tensor written into the graph itself. Equal constants are one value. */
  constant(data: readonly number[] | TypedArray, dtype: DType, dims: readonly number[]): Value {
    const expected = dims.reduce((product, dim) => product * dim, 1);
    if (data.length !== expected) {
      throw badInput("constant", `${expected} elements for dims ${formatDims(dims)}`, `${data.length}`);
    }
    const bytes = encodeElements(data, dtype);
    const key = `${dtype} ${dims.join(",")} ${bytes.join(",")}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.#add({ kind: "constant", bytes }, { dtype, dims });
    this.#constants.set(key, value);
    return value;
  }

  /** Makes a value a result of the graph. Only values that an output depends on are serialized. */
  output(name: string, value: Value): void {
    this.#requireOwn(`output ${name}`, value);
    this.#requireFree("output", name);
    this.outputs.set(name, value);
  }

  /** Adds a node. Operators check their operands and determine `types` before they call this. */
  apply<Attributes extends object>(
    operator: Operator<Attributes>,
    inputs: readonly Value[],
    attributes: Attributes,
    types: readonly Type[],
  ): Value[] {
    for (const input of inputs) this.#requireOwn(operator.kind, input);
    const outputs: Value[] = [];
    const node: Node<Attributes> = { operator, inputs, outputs, attributes };
    for (const type of types) outputs.push(this.#add({ kind: "node", node }, type));
    this.nodes.push(node);
    return outputs;
  }

  sourceOf(value: Value): Source {
    this.#requireOwn("sourceOf", value);
    return this.#sources[value.id]!;
  }

  /** The names of all weights, in the order in which they were declared. */
  weightNames(): string[] {
    return this.#sources.flatMap((source) => (source.kind === "weight" ? [source.name] : []));
  }

  /** A declared input with an axis of this symbolic size, and that axis. */
  findDim(name: string): { value: Value; axis: number } | undefined {
    for (const value of this.#named.values()) {
      const axis = value.dims.indexOf(name);
      if (axis >= 0) return { value, axis };
    }
    return undefined;
  }

  #addNamed(kind: "input" | "weight", name: string, type: Type): Value {
    this.#requireFree(kind, name);
    const value = this.#add({ kind, name }, type);
    this.#named.set(name, value);
    return value;
  }

  #add(source: Source, { dtype, dims }: Type): Value {
    for (const dim of dims) {
      if (typeof dim === "number" ? !Number.isSafeInteger(dim) || dim < 0 : dim === "") {
        throw badInput("dims", "whole numbers from 0 or names", formatDims(dims));
      }
    }
    this.#sources.push(source);
    return { graph: this, id: this.#sources.length - 1, dtype, dims: [...dims] };
  }

  #requireFree(kind: string, name: string): void {
    if (name === "" || name.startsWith(reservedPrefix)) {
      throw badInput(kind, `a name that is not empty and does not start with ${reservedPrefix}`, `"${name}"`);
    }
    if (this.#named.has(name) || this.outputs.has(name)) {
      throw badInput(`${kind} ${name}`, "a name not in use", "one in use");
    }
  }

  #requireOwn(where: string, value: Value): void {
    if (value.graph !== this) throw badInput(where, "values of one graph", "a value of another graph");
  }
}
