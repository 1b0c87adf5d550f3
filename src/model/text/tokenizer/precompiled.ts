/**
 * A normalizer that SentencePiece compiled ("Precompiled": nmt_nfkc, nfkc, nfkc_cf, or custom rules) and that
 * tokenizer.json contains as base64. Fathom reads it as Rust's spm_precompiled does. The bytes are the length of a
 * trie, the trie (a Darts-clone double array of 32-bit units, little-endian), and the replacements, each ended by a
 * zero byte. The value of a match is the offset of its replacement.
 *
 * A text is replaced grapheme cluster by grapheme cluster (UAX #29). A cluster of less than six bytes is replaced as a
 * whole if the trie has an entry with which it begins. All others are replaced character by character. SentencePiece
 * itself takes the longest match at each place. The two differ for combining marks; Transformers computes what Rust
 * computes.
 */
export function precompiled(charsmap: unknown): (text: string) => string {
  const broken = new Error("a Precompiled normalizer whose charsmap is broken");
  if (charsmap === null || charsmap === undefined || charsmap === "") return (text) => text;
  if (typeof charsmap !== "string") throw broken;
  const bytes = Buffer.from(charsmap, "base64");
  if (bytes.length < 4) throw broken;
  const size = bytes.readUInt32LE(0);
  if (size % 4 !== 0 || 4 + size > bytes.length) throw broken;
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + size);
  const replacementOf = (chunk: string): string | null => {
    const at = shortestMatch(units, chunk);
    if (at === null) return null;
    const end = replacements.indexOf(0, at);
    return replacements.toString("utf8", at, end < 0 ? replacements.length : end);
  };
  const known = new Map<string, string | null>();
  const replaced = (chunk: string): string | null => {
    let found = known.get(chunk);
    if (found === undefined) known.set(chunk, (found = replacementOf(chunk)));
    return found;
  };
  return (text) => {
    let normal = "";
    for (const { segment } of clusters.segment(text)) {
      const whole = Buffer.byteLength(segment) < 6 ? replaced(segment) : null;
      if (whole !== null) normal += whole;
      else for (const character of segment) normal += replaced(character) ?? character;
    }
    return normal;
  };
}

const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The value of the shortest entry with which the chunk begins; null when there is none. */
function shortestMatch(units: Uint32Array, chunk: string): number | null {
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  let at = offsetOf(units[0] ?? 0);
  for (const byte of Buffer.from(chunk)) {
    if (byte === 0) return null;
    at ^= byte;
    const unit = units[at];
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return null;
    at ^= offsetOf(unit);
    // The unit has a leaf, whose value is the offset of the replacement.
    if (((unit >>> 8) & 1) === 1) return (units[at] ?? 0) & 0x7fffffff;
  }
  return null;
}
