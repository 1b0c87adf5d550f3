/**
 * Makes text from strangers safe to show. Characters that control a terminal, change the direction of reading or are invisible
 * are written as JSON escapes (\u202e). A JSON document that passes through here keeps its meaning.
 */

/** Control and format characters, unpaired surrogates and every other invisible character, but not the line end. */
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Variation selectors: they only choose how a character looks, e.g. a coloured emoji. */
const harmless = /^[\ufe00-\ufe0f]$/;

/** The text with every invisible character escaped. Line ends stay. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => (harmless.test(character) ? character : escaped(character)));
}

/** Like `visible`, with white space and line ends joined to single spaces. */
export function visibleLine(text: string): string {
  return visible(text.replace(/[\t-\r\u0085\u2028\u2029]+/g, " "));
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Removes passwords, tokens and signatures from addresses, and Hugging Face tokens from the whole text. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi, "$1…@")
    .replace(
      /([?&;][^=&;#\s]*(?:token|key|secret|sig|signature|pass|password|credential|auth|policy)[^=&;#\s]*=)[^&;#\s"'<>]+/gi,
      "$1…",
    )
    .replace(/\bhf_[A-Za-z0-9]{8,}/g, "hf_…");
}
