/** Cuts texts into sentences. */

/** Splits a text into its first sentence, to be read at a glance, and the rest. A point inside a number ends no sentence. */
export function splitSentence(text: string): [first: string, rest: string] {
  const end = /[.!?](?=\s+[\p{Lu}\d])/u.exec(text);
  if (end === null) return [text, ""];
  return [text.slice(0, end.index + 1), text.slice(end.index + 1).trim()];
}
