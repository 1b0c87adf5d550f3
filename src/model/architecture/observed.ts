/** Makes the inputs of matrices outputs of a graph, so that they can be measured. */
import type { Graph, Value } from "../../graph/build/graph.ts";
import type { Declare } from "./declare.ts";

const prefix = "input.";

/** The name of the output that is the input of a matrix. */
export const inputName = (matrix: string): string => prefix + matrix;

/** The matrix whose input an output is; null for another output. */
export function matrixOf(output: string): string | null {
  return output.startsWith(prefix) ? output.slice(prefix.length) : null;
}

export class Observed {
  readonly #names: ReadonlySet<string>;
  readonly #declared = new Map<string, Value>();

  /** @param names of float32 matrices */
  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  /** Declares as `declare` does in float32, and notes the matrices. */
  over(declare: Declare): Declare {
    const noting: Declare = (graph, name, dims) => declare(graph, name, dims);
    noting.matrix = (graph, name, dims) => {
      const weight = declare(graph, name, dims);
      if (this.#names.has(name)) this.#declared.set(name, weight);
      return weight;
    };
    return noting;
  }

  /** Makes the input of every matrix that was noted an output. */
  output(graph: Graph): void {
    for (const [name, weight] of this.#declared) {
      const product = graph.nodes.find(
        ({ operator, inputs }) => operator.kind === "matmul" && inputs[1] === weight,
      );
      if (product !== undefined) graph.output(inputName(name), product.inputs[0]!);
    }
  }
}
