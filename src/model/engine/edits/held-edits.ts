/** Edits that the engine holds, so that their vectors travel to its thread, and are laid out, once. */
import { badInput } from "../../../core/errors.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import { checkEdits, type Edit, editedFeatures } from "./edit.ts";
import { type LaidOutEdit, layOutAll } from "./laid-out.ts";

/** Stands for edits that the engine holds. */
export interface HeldEdits {
  readonly id: string;
  /** The number of edited features of each edit. */
  readonly sizes: readonly number[];
}

/** What calls take: edits, or edits that are held. */
export type GivenEdits = HeldEdits | readonly Edit[];

export class EditShelf {
  readonly #config: ModelConfig;
  readonly #threads: number | undefined;
  readonly #held = new Map<string, readonly LaidOutEdit[]>();
  #next = 0;

  /** @param threads of the sessions that will run the edits */
  constructor(config: ModelConfig, threads: number | undefined) {
    this.#config = config;
    this.#threads = threads;
  }

  /**
   * @param behind edits that are held: the new handle stands for them and, after them, for the new ones. null: for the new ones alone
   * @throws FathomError for an edit that does not fit the model, or if those before are not held any more
   */
  hold(edits: readonly Edit[], behind: HeldEdits | null): HeldEdits {
    const before = behind === null ? [] : this.of(behind);
    const id = String(this.#next++);
    this.#held.set(id, [...before, ...this.#laidOut(edits)]);
    return { id, sizes: [...(behind?.sizes ?? []), ...edits.map(editedFeatures)] };
  }

  release({ id }: HeldEdits): void {
    this.#held.delete(id);
  }

  /** @throws FathomError for an edit that does not fit the model, or for edits that are not held any more */
  of(given: GivenEdits): readonly LaidOutEdit[] {
    if (!("id" in given)) return this.#laidOut(given);
    const held = this.#held.get(given.id);
    if (held === undefined) throw badInput("edits", "edits that this model holds", `the handle ${given.id}`);
    return held;
  }

  #laidOut(edits: readonly Edit[]): readonly LaidOutEdit[] {
    const { hiddenSize, layers } = this.#config;
    checkEdits(edits, { hiddenSize, layers: layers.length });
    return layOutAll(edits, hiddenSize, this.#threads);
  }
}
