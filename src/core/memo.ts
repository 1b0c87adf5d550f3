/** Answers repeat words and sentences, and every cap of an answer repeats the smaller one. So what was found for a text is kept. */

/** Texts that are kept; beyond this many, the memory begins anew. */
const most = 20_000;

export function memo<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found!;
    if (known.size >= most) known.clear();
    const value = of(text);
    known.set(text, value);
    return value;
  };
}
