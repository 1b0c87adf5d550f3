/**
 * The slots of one block: places in its graph for edits. A family names its sites (`Block.site`); a site without slots is
 * its value, unchanged. The edits of one site are applied one after another.
 */
import type { Value } from "../../../graph/build/graph.ts";
import { type EditValues, editGraph } from "./edit-graph.ts";
import { type BlockSlots, type SiteKind, slotName } from "./sites.ts";

/** The value of a site, with its edits. */
export type AtSite = (site: SiteKind, value: Value) => Value;

export class SlotGraphs {
  /** The values of the sites that the block has passed, with their edits. */
  readonly sites = new Map<SiteKind, Value>();
  /** The edits, by the names of their slots. */
  readonly edits = new Map<string, EditValues>();
  readonly #slots: BlockSlots;
  readonly #suffix: string;
  readonly #some: boolean;

  /** @param suffix is appended to the name of each input @param some whether the edits are of some tokens alone (edit-graph.ts) */
  constructor(slots: BlockSlots, suffix: string, some: boolean) {
    this.#slots = slots;
    this.#suffix = suffix;
    this.#some = some;
  }

  readonly at: AtSite = (site, value) => {
    let edited = value;
    for (const [ordinal, form] of (this.#slots[site] ?? []).entries()) {
      const name = slotName(site, ordinal);
      const named = (part: string) => `${name}.${part}${this.#suffix}`;
      const edit = editGraph(edited, form, named, { some: this.#some });
      this.edits.set(name, edit);
      edited = edit.edited;
    }
    this.sites.set(site, edited);
    return edited;
  };
}
