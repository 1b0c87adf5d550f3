/** Finds quoted speech: the words of a quoted guard are not the model's. */

/**
 * Longest quotation that is searched for, in UTF-16 units. A longer distance means that the mark is not a quotation
 * mark.
 */
const quotationLimit = 400;
const attribution =
  /\b(?:said|says|say|asked|asks|replied|replies|answered|wrote|writes|told|shouted|called|whispered|reads)\b[^.]{0,24}$/i;

/** Whether a unit is one of the marks that can open a quotation: " ' ‘ “ „ */
const canOpen = (code: number): boolean =>
  code === 0x22 || code === 0x27 || code === 0x2018 || code === 0x201c || code === 0x201e;

/** 1 for every UTF-16 unit inside quotation marks; null if there is no quotation, or if it is the whole answer. */
export function quotedUnits(text: string): Uint8Array | null {
  let inside: Uint8Array | null = null;
  let outsideLetters = 0;
  for (let i = 0; i < text.length; i++) {
    const close = canOpen(text.charCodeAt(i)) ? closingMark(text, i) : -1;
    if (close === -1) {
      if (outsideLetters < 3 && /\p{L}/u.test(text[i]!)) outsideLetters++;
      continue;
    }
    inside ??= new Uint8Array(text.length);
    inside.fill(1, i, close + 1);
    i = close;
  }
  // If the whole answer is in quotation marks ("I cannot help with that."), it is the model's own voice.
  return outsideLetters >= 3 ? inside : null;
}

/** Offset of the mark that closes a quotation opened by the mark at i; −1 if no quotation opens there. */
function closingMark(text: string, i: number): number {
  const unit = text[i]!;
  const before = i === 0 ? " " : text[i - 1]!;
  const single = unit === "'" || unit === "‘";
  if (!/[\s(\[:,*_—–>]/.test(before) || !/[\p{L}\p{N}*_…]/u.test(text[i + 1] ?? " ")) return -1;
  const window = text.slice(i + 1, i + 1 + quotationLimit);
  const close = single ? /[\p{L}.,!?…]['’](?=[\s.,;:!?)\]*_]|$)/u.exec(window) : /["”“]/.exec(window);
  if (close !== null) return i + 1 + close.index + close[0].length - 1;
  // A cap may cut quoted speech. Without a closing mark it counts as a quotation only if a speaker is named before it.
  if (attribution.test(text.slice(Math.max(0, i - 40), i)) && window.length < quotationLimit)
    return text.length - 1;
  return -1;
}
