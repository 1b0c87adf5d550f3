/** Finds the common starts of prompts, so that each is read once. */

/** The common first tokens of several prompts, all of which are longer. */
export interface SharedPrefix {
  ids: readonly number[];
  /**
   * Whether the prompts are beyond the switch of the rotary angles, so that it is read as the start of a long sequence.
   */
  long: boolean;
}

/** A shorter prefix costs more to manage than to read again. */
const shortestShared = 8;

export class SharedPrefixes {
  readonly all: readonly SharedPrefix[];
  readonly #ropeSwitch: number | null;

  /**
   * Groups prompts that share at least `shortestShared` first tokens. A group's prefix is the longest common start that
   * is shorter than all of its prompts.
   * @param ropeSwitch the length beyond which all positions of a sequence get other angles; null when there is none
   */
  constructor(prompts: readonly (readonly number[])[], ropeSwitch: number | null) {
    this.#ropeSwitch = ropeSwitch;
    const groups = new Map<string, (readonly number[])[]>();
    for (const ids of prompts) {
      if (ids.length <= shortestShared) continue;
      const key = `${this.#isLong(ids)} ${ids.slice(0, shortestShared).join(" ")}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [ids]);
      else group.push(ids);
    }
    this.all = [...groups.values()]
      .filter((members) => members.length > 1)
      .map((members) => ({ ids: commonStart(members), long: this.#isLong(members[0]!) }));
  }

  /** The prefix with which a prompt begins, if the prompt is longer than it; null when there is none. */
  of(ids: readonly number[]): SharedPrefix | null {
    const own = this.all.find(
      (prefix) =>
        prefix.long === this.#isLong(ids) &&
        ids.length > prefix.ids.length &&
        prefix.ids.every((id, i) => ids[i] === id),
    );
    return own ?? null;
  }

  /** Sorts prompts by prefix, and within a prefix by length, so that there is little padding. */
  inOrder(prompts: readonly (readonly number[])[]): { index: number; prefix: SharedPrefix | null }[] {
    const groups: (SharedPrefix | null)[] = [...this.all, null];
    return prompts
      .map((ids, index) => ({ index, prefix: this.of(ids) }))
      .sort(
        (a, b) =>
          groups.indexOf(a.prefix) - groups.indexOf(b.prefix) ||
          prompts[a.index]!.length - prompts[b.index]!.length ||
          a.index - b.index,
      );
  }

  #isLong(ids: readonly number[]): boolean {
    return this.#ropeSwitch !== null && ids.length > this.#ropeSwitch;
  }
}

function commonStart(members: readonly (readonly number[])[]): readonly number[] {
  const [first, ...others] = members;
  let length = Math.min(...members.map((ids) => ids.length - 1));
  for (const other of others) {
    let same = 0;
    while (same < length && other[same] === first![same]) same++;
    length = same;
  }
  return first!.slice(0, length);
}
