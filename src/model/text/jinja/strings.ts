/** Text functions that methods and filters share. */
import type { Budget } from "./budget.ts";
import { Text } from "./marked-text.ts";

/** @param count the largest number of replacements; negative for all */
export function replaced(self: Text, from: Text, to: Text, count: number, budget: Budget): Text {
  const most = count < 0 ? Infinity : count;
  if (most === 0) return self;
  budget.spend(self.value.length / 8);
  if (from.value === "") {
    const characters = self.characters();
    const parts = characters.slice(0, most);
    const rest = characters.slice(most);
    const ends = characters.length < most ? [to] : [];
    budget.spendText(self.value.length + (parts.length + 1) * to.value.length);
    return Text.join([...parts.flatMap((one) => [to, one]), ...ends, ...rest]);
  }
  return joined(self.split(from.value, most), to, budget);
}

export function joined(parts: readonly Text[], separator: Text, budget: Budget): Text {
  let length = separator.value.length * parts.length;
  for (const part of parts) length += part.value.length;
  budget.spendText(length);
  if (parts.length === 0) return new Text("");
  return Text.join(parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part])));
}

/** Python's str.title: the first letter of each run of letters. */
export function titled(value: string): string {
  return value.replace(/\p{L}[\p{L}\p{M}]*/gu, (word) => {
    const first = String.fromCodePoint(word.codePointAt(0)!);
    return titleLetter(first) + word.slice(first.length).toLowerCase();
  });
}

const digraphs = new Map(Array.from("ǄǅǆǇǈǉǊǋǌǱǲǳ", (letter, i) => [letter, "ǅǈǋǲ"[Math.floor(i / 3)]!]));

/**
 * Unicode's title case, which JavaScript does not have.
 * It differs from upper case for digraphs, ligatures and Georgian.
 */
function titleLetter(letter: string): string {
  if (/[\u10d0-\u10ff]/.test(letter)) return letter;
  const [first = "", ...rest] = letter.toUpperCase();
  return digraphs.get(letter) ?? first + rest.join("").toLowerCase();
}
