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

  /** @param suffix is appended to the name of each input */
  constructor(slots: BlockSlots, suffix: string) {
    this.#slots = slots;
    this.#suffix = suffix;
  }

  readonly at: AtSite = (site, value) => {
    let edited = value;
    for (const [ordinal, form] of (this.#slots[site] ?? []).entries()) {
      const name = slotName(site, ordinal);
      const edit = editGraph(edited, form, (part) => `${name}.${part}${this.#suffix}`);
      this.edits.set(name, edit);
      edited = edit.edited;
    }
    this.sites.set(site, edited);
    return edited;
  };
}
