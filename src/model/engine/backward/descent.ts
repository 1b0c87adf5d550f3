/**
 * One forward call's way down: adds the gradients of objectives that read the residual stream themselves, and keeps the
 * gradients at the wanted sites and of the masks of edits.
 */
import type { Site, SiteKind } from "../../architecture/slots/sites.ts";
import type { Tensor } from "../../ort/ort.ts";
import type { BatchEdits } from "../edits/batch-edits.ts";
import type { SlotPlan } from "../edits/slot-plan.ts";
import type { Descent, Forwarded, Inside } from "./backward-pass.ts";
import type { Objective } from "./objectives.ts";
import type { MaskGradients, RowGradients } from "./row-gradients.ts";

type Floats = Float32Array<ArrayBuffer>;

/** A row of a call, with the gradients that its way down fills in. */
export interface DescentRow {
  ids: readonly number[];
  objective: Objective;
  result: RowGradients;
}

/** A call that went forward, and what is wanted of its way down. */
export interface Way {
  rows: readonly DescentRow[];
  forwarded: Forwarded;
  /** d value / d output of the last block, [B, T, d]; null when no objective of the call reads logits. */
  top: Floats | null;
  sites: readonly Site[];
  edits: BatchEdits | null;
  /** The slots of exactly these edits. */
  plan: SlotPlan;
  masks: MaskGradients | undefined;
}

export class CallDescent implements Descent, Inside {
  readonly forwarded: Forwarded;
  readonly top: Floats | null;
  readonly inside = this;
  /** Blocks that the call went through, for the ledger. */
  blocks = 0;
  readonly #way: Way;
  readonly #B: number;
  readonly #T: number;
  readonly #d: number;

  constructor(way: Way) {
    const { forwarded, top, rows, sites, edits, masks } = way;
    const { B, T } = forwarded;
    const d = forwarded.inputOf(0).length / (B * T);
    this.forwarded = forwarded;
    this.top = top;
    this.#way = way;
    [this.#B, this.#T, this.#d] = [B, T, d];
    for (const { ids, result } of rows) {
      result.sites = sites.map(() => new Float32Array(ids.length * d));
      if (masks === undefined || edits === null) continue;
      const times = masks === "summed" ? 1 : ids.length;
      result.masks = edits.edits.map(({ size }) => new Float32Array(size * times));
    }
  }

  onOutput(layer: number, above: Floats | null): Floats | null {
    const cotangent = this.#plusVectors(layer, "resid_post", above);
    this.#addValues(layer, "resid_post", () => this.forwarded.inputOf(layer + 1));
    if (cotangent !== null) this.#keepSite(layer, "resid_post", cotangent);
    return cotangent;
  }

  onWeight(name: string, gradient: Floats): void {
    // Weights are wanted of calls with one row only.
    this.#way.rows[0]!.result.weights.set(name, gradient);
  }

  feeds(layer: number): Record<string, Tensor> {
    const padding = { pasts: this.#perRow(0), counts: this.#perRow(this.#T), T: this.#T };
    const suffix = `.${layer}`;
    return Object.fromEntries(
      Object.entries(this.#way.plan.feeds(layer, this.#way.edits, padding)).map(([name, tensor]) => [
        name.slice(0, -suffix.length),
        tensor,
      ]),
    );
  }

  cotangent(layer: number, site: SiteKind): Floats | null {
    return this.#plusVectors(layer, site, null);
  }

  take(layer: number, of: (name: string) => Floats): void {
    const { rows, sites, edits, plan, masks } = this.#way;
    this.blocks++;
    for (const kind of insideOf(layer, sites, rows)) {
      this.#addValues(layer, kind, () => of(kind));
      this.#keepSite(layer, kind, of(`d ${kind}`));
    }
    if (masks === undefined || edits === null) return;
    for (const { name, edit } of plan.filled(layer, edits.edits))
      if (edit !== null) this.#keepMask(edit, of(`d ${name}.mask`));
  }

  #perRow(value: number): number[] {
    return new Array<number>(this.#B).fill(value);
  }

  /** The rows whose objective reads this site itself, with the place in [B, T, d] that they read. */
  #readers(layer: number, kind: SiteKind) {
    return this.#way.rows.flatMap(({ objective, result }, row) => {
      if (objective.kind !== "residual" || !isAt(objective.at, layer, kind)) return [];
      return [{ vector: objective.vector, at: (row * this.#T + objective.position) * this.#d, result }];
    });
  }

  /** Adds the vectors of objectives that read this site to the gradient from above. */
  #plusVectors(layer: number, kind: SiteKind, above: Floats | null): Floats | null {
    let cotangent = above;
    for (const { vector, at } of this.#readers(layer, kind)) {
      cotangent ??= new Float32Array(this.#B * this.#T * this.#d);
      for (const [i, value] of vector.entries()) cotangent[at + i]! += value;
    }
    return cotangent;
  }

  /** @param residual the values of the site, [B, T, d] */
  #addValues(layer: number, kind: SiteKind, residual: () => Floats): void {
    for (const { vector, at, result } of this.#readers(layer, kind))
      result.value = vector.reduce((sum, value, i) => sum + value * residual()[at + i]!, 0);
  }

  #keepSite(layer: number, kind: SiteKind, gradient: Floats): void {
    for (const [place, site] of this.#way.sites.entries()) {
      if (!isAt(site, layer, kind)) continue;
      for (const [row, { result }] of this.#way.rows.entries()) {
        const own = result.sites[place]!;
        const from = row * this.#T * this.#d;
        own.set(gradient.subarray(from, from + own.length));
      }
    }
  }

  /** @param gradient [B, T, width] */
  #keepMask(edit: number, gradient: Floats): void {
    const { size, width } = this.#way.edits!.edits[edit]!;
    for (const [row, { ids, result }] of this.#way.rows.entries()) {
      const own = result.masks[edit]!;
      for (let t = 0; t < ids.length; t++) {
        const from = (row * this.#T + t) * width;
        const to = this.#way.masks === "summed" ? 0 : t * size;
        for (let i = 0; i < size; i++) own[to + i]! += gradient[from + i]!;
      }
    }
  }
}

/** The sites inside a block that are wanted, or that an objective of these rows reads. */
export function insideOf(
  layer: number,
  sites: readonly Site[],
  rows: readonly { objective: Objective }[],
): SiteKind[] {
  const all = [...sites, ...rows.flatMap(({ objective }) => readSites(objective))];
  const kinds = ["embed", "attn_out", "mlp_out"] as const;
  return kinds.filter((kind) => all.some((site) => isAt(site, layer, kind)));
}

/** The site that an objective reads itself, if any. */
export function readSites(objective: Objective): Site[] {
  return objective.kind === "residual" ? [objective.at] : [];
}

/** The lowest block that the way down must go through to reach a site. */
export function lowestFor({ layer, site }: Site): number {
  return site === "resid_post" ? layer + 1 : layer;
}

function isAt({ layer, site }: Site, at: number, kind: SiteKind): boolean {
  return layer === at && site === kind;
}
