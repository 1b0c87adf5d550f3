/**
 * Text of strangers as it is shown to people: what would steer a terminal, turn the direction of reading or hide in plain
 * sight is written as JSON writes it (\u202e), so a JSON document that went through here is still the same document.
 */

/** Control and format characters, the unpaired halves of characters, and whatever else is shown as nothing; but no line end. */
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether an emoji is coloured. */
const harmless = /^[\ufe00-\ufe0f]$/;

/** The text with nothing invisible in it; its lines stay lines. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => (harmless.test(character) ? character : escaped(character)));
}

/** As `visible`, on one line. */
export function visibleLine(text: string): string {
  return visible(text.replace(/[\t-\r\u0085\u2028\u2029]+/g, " "));
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Addresses without the passwords, tokens and signatures in them, and tokens of the Hugging Face hub not at all. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi, "$1…@")
    .replace(
      /([?&;][^=&;#\s]*(?:token|key|secret|sig|signature|pass|password|credential|auth|policy)[^=&;#\s]*=)[^&;#\s"'<>]+/gi,
      "$1…",
    )
    .replace(/\bhf_[A-Za-z0-9]{8,}/g, "hf_…");
}
