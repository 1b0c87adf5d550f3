/** Finds what prompts have in common at their start, so that it is read once. */

/** Tokens that several prompts begin with and go beyond. */
export interface SharedPrefix {
  ids: readonly number[];
  /** Of prompts beyond the switch of the rotary angles: it is read as the beginning of a long sequence. */
  long: boolean;
}

/** A shorter prefix costs more to manage than to read again. */
const shortestShared = 8;

export class SharedPrefixes {
  readonly all: readonly SharedPrefix[];
  readonly #ropeSwitch: number | null;

  /**
   * Groups prompts that share at least `shortestShared` first tokens; a group's prefix is the longest that all of its
   * members have and go beyond.
   * @param ropeSwitch the length beyond which all of a sequence turns otherwise; null where there is none
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

  /** The prefix that a prompt begins with and goes beyond. */
  of(ids: readonly number[]): SharedPrefix | null {
    const own = this.all.find(
      (prefix) =>
        prefix.long === this.#isLong(ids) &&
        ids.length > prefix.ids.length &&
        prefix.ids.every((id, i) => ids[i] === id),
    );
    return own ?? null;
  }

  /** Prompts of one prefix stand together, and within it prompts of like length, so that padding is small. */
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
