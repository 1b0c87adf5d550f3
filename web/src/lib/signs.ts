/**
 * Shows hostile text safely: controls, marks of writing direction, invisible and unpaired characters are shown as signs, so that
 * they
 * cannot hide or move the text around them. Readable characters are not changed, nor are emoji of several parts.
 */

const pictures: Readonly<Record<string, string>> = { "\n": "↵", "\r": "␍", "\t": "⇥" };

// Joiners (U+200C, U+200D) and variation selectors are part of ordinary writing; tags and the other formats are not.
const hidden =
  /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]|(?![\u200c\u200d\ufe0f])\p{Cf}/gu;

/** @param text the text of a token, in which bytes that are not text are U+FFFD already */
export function withSigns(text: string): string {
  return text.replace(hidden, (character) => pictures[character] ?? named(character));
}

/** The same for a token that is shown alone. Spaces at its ends would be invisible, so they are shown as ␣. */
export function tokenWithSigns(text: string): string {
  return text === "" ? "⋯" : withSigns(text).replace(/^ +| +$/g, (spaces) => "␣".repeat(spaces.length));
}

function named(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Whether a text runs from right to left. Its first letter decides. */
export function runsLeftward(text: string): boolean {
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter !== undefined && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(letter);
}
