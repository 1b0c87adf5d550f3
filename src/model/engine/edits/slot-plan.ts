/**
 * Which slots the graphs of the blocks have, and which edit of a call goes into which slot. Slots are added when edits need
 * them and stay, so that a session is not opened again for each call. A slot without an edit changes nothing.
 */
import { type BlockSlots, type SiteKind, type SlotForm, slotName } from "../../architecture/slots/sites.ts";
import type { Tensor } from "../../ort/ort.ts";
import { type BatchEdits, maskTensor } from "./batch-edits.ts";
import { emptyEdit, type LaidOutEdit } from "./laid-out.ts";

/** A slot, and the index of the edit that is in it; null when it is empty. */
interface Filled {
  site: SiteKind;
  name: string;
  form: SlotForm;
  edit: number | null;
}

export class SlotPlan {
  readonly #d: number;
  /** By layer, then by site. */
  readonly #slots = new Map<number, Partial<Record<SiteKind, SlotForm[]>>>();
  readonly #empty = new Map<string, LaidOutEdit>();

  /** @param d d_model */
  constructor(d: number) {
    this.#d = d;
  }

  of(layer: number): BlockSlots {
    return this.#slots.get(layer) ?? {};
  }

  /** Adds the slots that these edits lack. @returns the layers that have got new ones */
  makeRoom(edits: readonly LaidOutEdit[]): Set<number> {
    const grown = new Set<number>();
    for (const [layer, bySite] of byPlace(edits)) {
      let own = this.#slots.get(layer);
      if (own === undefined) this.#slots.set(layer, (own = {}));
      for (const [site, indices] of bySite) {
        const forms = (own[site] ??= []);
        let from = 0;
        for (const index of indices) {
          const { form } = edits[index]!;
          let at = nextLike(forms, form, from);
          if (at < 0) {
            at = forms.push(form) - 1;
            grown.add(layer);
          }
          from = at + 1;
        }
      }
    }
    return grown;
  }

  /** The slots of a layer with the edits of a call in them. Call `makeRoom` first. */
  filled(layer: number, edits: readonly LaidOutEdit[]): Filled[] {
    const own = byPlace(edits).get(layer);
    return Object.entries(this.of(layer)).flatMap(([key, forms]) => {
      const site = key as SiteKind;
      const waiting = [...(own?.get(site) ?? [])];
      return forms.map((form, ordinal): Filled => {
        const fits = waiting.length > 0 && sameForm(edits[waiting[0]!]!.form, form);
        return { site, name: slotName(site, ordinal), form, edit: fits ? waiting.shift()! : null };
      });
    });
  }

  /**
   * The inputs of all slots of a layer.
   * @param rows as for `maskTensor`
   */
  feeds(
    layer: number,
    batch: BatchEdits | null,
    rows: Parameters<typeof maskTensor>[2],
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { site, name, form, edit } of this.filled(layer, batch?.edits ?? [])) {
      const own = edit === null ? this.#emptyEdit(form, site) : batch!.edits[edit]!;
      const masks = edit === null ? rows.counts.map(() => noFeature) : batch!.masks.map((row) => row[edit]!);
      for (const [part, tensor] of Object.entries(own.inputs)) feeds[`${name}.${part}.${layer}`] = tensor;
      feeds[`${name}.mask.${layer}`] = maskTensor(own, masks, rows);
    }
    return feeds;
  }

  #emptyEdit(form: SlotForm, site: SiteKind): LaidOutEdit {
    const key = JSON.stringify(form);
    let empty = this.#empty.get(key);
    if (empty === undefined) this.#empty.set(key, (empty = emptyEdit(form, 0, site, this.#d)));
    return empty;
  }
}

const noFeature = new Float32Array(1);

const sameForm = (a: SlotForm, b: SlotForm): boolean => JSON.stringify(a) === JSON.stringify(b);

const nextLike = (forms: readonly SlotForm[], form: SlotForm, from: number): number =>
  forms.findIndex((other, at) => at >= from && sameForm(other, form));

/** Indices of the edits, by layer and site, in order. */
function byPlace(edits: readonly LaidOutEdit[]): Map<number, Map<SiteKind, number[]>> {
  const places = new Map<number, Map<SiteKind, number[]>>();
  for (const [index, { layer, site }] of edits.entries()) {
    const own = places.get(layer) ?? new Map<SiteKind, number[]>();
    places.set(layer, own.set(site, [...(own.get(site) ?? []), index]));
  }
  return places;
}
