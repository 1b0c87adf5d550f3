/**
 * The tensors of one weights file of any kind, as an SAE's matrices and vectors. A tensor that no reader asks for is
 * refused by name at the end, because an SAE whose tensor is ignored is computed wrongly.
 */
import { badInput } from "../../../core/errors.ts";
import { readNpz } from "../../../files/tensors/npz.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { StoredTensor } from "../../../files/tensors/stored-tensor.ts";
import { OtherTensor } from "../../../files/torch/other-tensor.ts";
import { readTorch } from "../../../files/torch/torch.ts";
import { inFile, type Matrix, requireFinite, requireShape } from "../../code/matrix.ts";

export class Tensors {
  readonly path: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor | OtherTensor>;
  readonly #used = new Set<string>();

  private constructor(path: string, tensors: ReadonlyMap<string, StoredTensor | OtherTensor>) {
    this.path = path;
    this.#tensors = tensors;
  }

  static npz(path: string): Tensors {
    return new Tensors(path, readNpz(path));
  }

  static safetensors(path: string): Tensors {
    const file = openSafetensors(path);
    try {
      return new Tensors(path, new Map([...file.entries.keys()].map((name) => [name, file.tensor(name)])));
    } finally {
      file.close();
    }
  }

  /**
   * Reads a state dict.
   * @throws FathomError for a file that holds anything else, for example the checkpoint of a running training
   */
  static torch(path: string): Tensors {
    const saved = readTorch(path);
    if (!(saved instanceof Map)) throw badInput(path, "a dictionary of tensors", "something else");
    if (saved.has("step") || saved.has("optimizer") || saved.has("ae"))
      throw badInput(
        path,
        "the weights of a finished training",
        `a checkpoint with ${[...saved.keys()].map(String).join(", ")}`,
        "the ae.pt that the training leaves at its end",
      );
    const tensors = new Map<string, StoredTensor | OtherTensor>();
    for (const [key, value] of saved) {
      const name = String(key);
      if (value instanceof StoredTensor) tensors.set(name, value.named(name));
      else if (value instanceof OtherTensor) tensors.set(name, value);
      else throw badInput(`${path} "${name}"`, "a tensor", "something else");
    }
    return new Tensors(path, tensors);
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** [rows, columns] as stored in the file. */
  sizes(name: string): [number, number] {
    const { shape } = this.#find(name);
    if (shape.length !== 2) throw badInput(`${this.path} "${name}"`, "a matrix", `[${shape.join(", ")}]`);
    return [shape[0]!, shape[1]!];
  }

  matrix(name: string, shape: readonly [number, number]): Matrix {
    return inFile(this.#find(name), this.path, shape);
  }

  /** A matrix that the file stores transposed. @param shape of the result */
  transposed(name: string, shape: readonly [number, number]): Matrix {
    const tensor = this.#find(name);
    requireShape(tensor, this.path, shape.toReversed());
    return inFile(tensor.transposed(), this.path, shape);
  }

  /**
   * Both weight matrices of an SAE. The encoder's shape decides d_in and d_sae.
   * @param turned which of them the file stores transposed, as nn.Linear does
   */
  weights(encoder: string, decoder: string, turned: { encoder: boolean; decoder: boolean }) {
    const [rows, columns] = this.sizes(encoder);
    const [d_in, d_sae] = turned.encoder ? [columns, rows] : [rows, columns];
    const read = (name: string, shape: [number, number], isTurned: boolean) =>
      isTurned ? this.transposed(name, shape) : this.matrix(name, shape);
    return {
      d_in,
      d_sae,
      W_enc: read(encoder, [d_in, d_sae], turned.encoder),
      W_dec: read(decoder, [d_sae, d_in], turned.decoder),
    };
  }

  vector(name: string, length: number): Float32Array<ArrayBuffer> {
    const tensor = this.#find(name);
    requireShape(tensor, this.path, [length]);
    return tensor.read();
  }

  /** A tensor of one number. */
  scalar(name: string): number {
    const tensor = this.#find(name);
    if (tensor.shape.some((size) => size !== 1))
      throw badInput(`${this.path} "${name}"`, "one number", `[${tensor.shape.join(", ")}]`);
    const values = tensor.read();
    requireFinite(values, `${this.path} "${name}"`);
    return values[0]!;
  }

  /**
   * Numbers that a file stores beside its weights, as a vector or a single one; undefined if there is no tensor of
   * this name.
   */
  numbers(name: string): number[] | undefined {
    this.#used.add(name);
    const tensor = this.#tensors.get(name);
    return tensor instanceof StoredTensor ? [...tensor.read()] : tensor?.read(name);
  }

  /** Marks tensors as used that a training leaves in the file and that decide nothing. */
  passOver(...names: string[]): void {
    for (const name of names) this.#used.add(name);
  }

  /** @throws FathomError that names the tensors that no reader asked for */
  requireAllUsed(): void {
    const unknown = this.names().filter((name) => !this.#used.has(name));
    if (unknown.length > 0)
      throw badInput(this.path, `only ${[...this.#used].join(", ")}`, `also ${unknown.join(", ")}`);
  }

  #find(name: string): StoredTensor {
    this.#used.add(name);
    const tensor = this.#tensors.get(name);
    if (tensor instanceof StoredTensor) return tensor;
    const found = tensor === undefined ? `only ${this.names().join(", ")}` : tensor.dtype;
    throw badInput(this.path, `a tensor "${name}" of floats`, found);
  }
}
