/**
 * Which slots the graphs of the blocks have, and which edit of a call goes into which slot. Slots are added when edits need
 * them and stay, so that a session is not opened again for each call. A slot without an edit changes nothing.
 */
import { type BlockSlots, type SiteKind, type SlotForm, slotName } from "../../architecture/slots/sites.ts";
import type { Tensor } from "../../ort/ort.ts";
import { type BatchEdits, editedTokens, maskTensor } from "./batch-edits.ts";
import type { EditMask } from "./edit.ts";
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
   * The inputs of all slots of a layer, for a graph that edits every token.
   * @param rows as for `maskTensor`
   */
  feeds(layer: number, batch: BatchEdits | null, rows: NewTokens): Record<string, Tensor> {
    return this.#feeds(layer, batch, rows, (edit, masks) => ({
      ...edit.inputs,
      mask: maskTensor(edit, masks, rows),
    }));
  }

  /**
   * The same for a graph that edits some tokens alone: those that a mask touches. An edit that touches none is left out.
   * @param activations whether the activations of all tokens are wanted
   */
  feedsOfSome(
    layer: number,
    batch: BatchEdits | null,
    rows: NewTokens,
    activations: boolean,
  ): Record<string, Tensor> {
    return this.#feeds(layer, batch, rows, (edit, masks, empty) => {
      const own = editedTokens(edit, masks, rows, activations);
      if (own.tokens.size > 0) return { ...edit.inputs, ...own };
      return {
        ...empty.inputs,
        ...editedTokens(
          empty,
          rows.counts.map(() => noFeature),
          rows,
          false,
        ),
      };
    });
  }

  /** @param of the inputs of an edit under the masks of the rows, by part; `empty` changes nothing, in the same slot */
  #feeds(
    layer: number,
    batch: BatchEdits | null,
    rows: NewTokens,
    of: (edit: LaidOutEdit, masks: readonly EditMask[], empty: LaidOutEdit) => Record<string, Tensor>,
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { site, name, form, edit } of this.filled(layer, batch?.edits ?? [])) {
      const empty = this.#emptyEdit(form, site);
      const inputs =
        edit === null
          ? of(
              empty,
              rows.counts.map(() => noFeature),
              empty,
            )
          : of(
              batch!.edits[edit]!,
              batch!.masks.map((row) => row[edit]!),
              empty,
            );
      for (const [part, tensor] of Object.entries(inputs)) feeds[`${name}.${part}.${layer}`] = tensor;
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

type NewTokens = Parameters<typeof maskTensor>[2];

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
