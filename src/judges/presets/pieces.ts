/** A published prompt that is a whole text: fills its places, and keeps what the format wrote apart from what is audited. */
import type { Piece } from "./asker.ts";

/** @param values text by the name of its place, as `{name}` in the format */
export function pieces(format: string, values: Readonly<Record<string, string>>): Piece[] {
  return format.split(/(\{[a-z]+\})/).flatMap((part): Piece[] => {
    const value = /^\{[a-z]+\}$/.test(part) ? values[part.slice(1, -1)] : undefined;
    if (value !== undefined) return [{ text: value, own: false }];
    return part === "" ? [] : [{ text: part, own: true }];
  });
}
