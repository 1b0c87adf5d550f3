/** Which part of a conversation each token of a prompt is, found from the template by what stays the same. */
import { FathomError } from "../../../core/errors.ts";
import type { TokenRole } from "../../../core/records/anatomy/features.ts";
import { commonEnd, commonStart } from "./common-start.ts";
import { probes } from "./positions.ts";

/** The tokens of a conversation, up to where the answer begins; `system` is the one of the plan when not given. */
export type EncodeConversation = (text: string, system?: string) => readonly number[];

/**
 * @param bos the token that begins a text; null if there is none
 * @returns the roles of a prompt's tokens [ids]
 */
export function rolesOf(
  encode: EncodeConversation,
  bos: number | null,
): (ids: readonly number[]) => TokenRole[] {
  const rows = probes.map((text) => encode(text));
  const head = commonStart(rows).length;
  const tail = commonEnd(rows);
  const system = systemSpan(encode);
  return (ids) =>
    ids.map((id, at) => {
      if (at === 0 && id === bos) return "bos";
      if (at >= system.from && at < Math.min(system.to, head)) return "system";
      return at < head || at >= ids.length - tail ? "template" : "user";
    });
}

/** Where the system's text lies, also one that the template writes by itself; an empty span without one. */
function systemSpan(encode: EncodeConversation): { from: number; to: number } {
  const nothing = { from: 0, to: 0 };
  const [text] = probes;
  const own = encode(text!);
  const others = systemProbes(encode, text!);
  if (others === null) return nothing;
  const start = commonStart(others);
  const end = commonEnd(others);
  const [first] = others;
  const fits =
    own.length > start.length + end &&
    start.every((id, at) => own[at] === id) &&
    first!.slice(-end).every((id, at) => own[own.length - end + at] === id);
  return fits && end > 0 ? { from: start.length, to: own.length - end } : nothing;
}

/** The same text under different system prompts; null for a template that takes none. */
function systemProbes(encode: EncodeConversation, text: string): (readonly number[])[] | null {
  try {
    return probes.map((system) => encode(text, system));
  } catch (error) {
    if (error instanceof FathomError) return null;
    throw error;
  }
}
