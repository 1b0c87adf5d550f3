/** The weights of a base with an adapter laid over them. No weights are merged: each tensor stays in its file. */
import { openSafetensors, type SafetensorsFile } from "../../../files/tensors/safetensors.ts";
import type { BlockSource } from "../../weights/block-form.ts";
import type { FloatBytes, WeightInfo, WeightPlace, Weights } from "../../weights/weights.ts";
import { floatsOf, infoOf, placeOf } from "../directory/weights-safetensors.ts";

/** A tensor of the adapter's file or of the base, by its name there. */
export interface Source {
  of: "adapter" | "base";
  name: string;
}

/**
 * An adapter's changes to its base's tensors.
 * It is plain data, so another thread can lay it over the weights it opened.
 */
export interface Overlay {
  /** Path of adapter_model.safetensors. */
  file: string;
  /** Tensors that are added or that come from elsewhere. All others are the base's own. */
  sources: ReadonlyMap<string, Source>;
  /**
   * Embeddings with a branch: row i becomes row i + scale · B·A[:, i]. A [r, rows] and B [d, r] are names in the file.
   */
  embeddings: ReadonlyMap<string, { A: string; B: string; scale: number }>;
}

/** @throws FathomError when the adapter's file cannot be opened */
export function overlaid(base: Weights, overlay: Overlay | null): Weights {
  return overlay === null ? base : new OverlaidWeights(base, overlay, openSafetensors(overlay.file));
}

class OverlaidWeights implements Weights {
  readonly #base: Weights;
  readonly #overlay: Overlay;
  readonly #file: SafetensorsFile;
  /** A and B of embeddings, decoded whole, because a token needs a column of A. */
  readonly #decoded = new Map<string, Float32Array>();

  constructor(base: Weights, overlay: Overlay, file: SafetensorsFile) {
    this.#base = base;
    this.#overlay = overlay;
    this.#file = file;
  }

  names(): readonly string[] {
    return [...new Set([...this.#base.names(), ...this.#overlay.sources.keys()])];
  }

  info(name: string): WeightInfo {
    const source = this.#source(name);
    if (source.of === "base") return this.#base.info(source.name);
    return infoOf(this.#file, source.name);
  }

  place(name: string): WeightPlace | null {
    if (this.#overlay.embeddings.has(name)) return null;
    const source = this.#source(name);
    if (source.of === "base") return this.#base.place(source.name);
    return placeOf(this.#file, source.name);
  }

  floats(name: string): FloatBytes | null {
    if (this.#overlay.embeddings.has(name)) return null;
    const source = this.#source(name);
    return source.of === "base" ? this.#base.floats(source.name) : floatsOf(this.#file, source.name);
  }

  read(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    const source = this.#source(name);
    const values =
      source.of === "base"
        ? this.#base.read(source.name, rows, room)
        : this.#file.readFloat32(source.name, rows, room);
    if (this.#overlay.embeddings.has(name)) this.#addBranch(name, values, rows?.[0] ?? 0);
    return values;
  }

  blocks(name: string): BlockSource | null {
    const source = this.#source(name);
    if (source.of === "adapter" || this.#overlay.embeddings.has(name)) return null;
    return this.#base.blocks?.(source.name) ?? null;
  }

  close(): void {
    this.#file.close();
    this.#base.close();
  }

  #source(name: string): Source {
    return this.#overlay.sources.get(name) ?? { of: "base", name };
  }

  /** @param values n rows of an embedding, starting at row `from`, [n, d] */
  #addBranch(name: string, values: Float32Array, from: number): void {
    const { A, B, scale } = this.#overlay.embeddings.get(name)!;
    const [rank, count] = this.#file.entry(A).shape as [number, number];
    const [width] = this.#file.entry(B).shape as [number, number];
    const a = this.#whole(A);
    const b = this.#whole(B);
    for (let at = 0, row = from; at < values.length; at += width, row++)
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += b[i * rank + k]! * a[k * count + row]!;
        values[at + i]! += scale * sum;
      }
  }

  #whole(name: string): Float32Array {
    let values = this.#decoded.get(name);
    if (values === undefined) this.#decoded.set(name, (values = this.#file.readFloat32(name)));
    return values;
  }
}
