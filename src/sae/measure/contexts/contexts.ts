/**
 * The text around tokens on which features are active, with the feature's activation on each token. Only the rows of these
 * windows are encoded a second time, because the features of all tokens are too many to keep.
 */
import { tokenTexts } from "../../../model/text/token-texts.ts";
import type { Tokenizer } from "../../../model/text/tokenizer/tokenizer.ts";
import { pickRows, type Rows } from "../../code/rows.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import type { Peak } from "./peaks.ts";
import type { TextLayout } from "./text-rows.ts";

export interface Window {
  /** How many tokens are shown before and after the token that the context is about. */
  before: number;
  behind: number;
}

export interface Context {
  /** Id of the text. */
  text: string;
  /** Position in its text of the token that the context is about, from 0; and the number of tokens of that text. */
  position: number;
  of: number;
  /** The shown text, token by token; joined, it is the text. A token is "" if a later token completes its character. */
  tokens: string[];
  /** Index in `tokens` of the token that the context is about. */
  at: number;
  /** The feature's activation on each of `tokens`. */
  activations: Float32Array;
}

/**
 * @param rows the activations in which the peaks were found, in the order of `layout`
 * @param peaks by feature; their tokens must be tokens that may be shown
 * @returns by feature: one context per peak, in the order given
 */
export async function contextsOf(
  session: SaeSession,
  rows: Rows,
  layout: TextLayout,
  tokenizer: Tokenizer | null,
  peaks: ReadonlyMap<number, readonly Peak[]>,
  window: Window,
): Promise<Map<number, Context[]>> {
  const found = new Map<number, Context[]>();
  /** By row: which features to copy from the encoded row, and to where. */
  const wanted = new Map<number, { feature: number; into: Float32Array; at: number }[]>();
  for (const [feature, own] of peaks) {
    const contexts = own.map(({ row }) => {
      const { context, from } = around(row, layout, tokenizer, window);
      const into = context.activations;
      for (let at = 0; at < into.length; at++) {
        const others = wanted.get(from + at) ?? [];
        others.push({ feature, into, at });
        wanted.set(from + at, others);
      }
      return context;
    });
    found.set(feature, contexts);
  }
  // Sorted, so that rows in a file are read from front to back.
  const chosen = Int32Array.from(wanted.keys()).sort();
  const { d_sae } = session.sae;
  await session.encodeRows(pickRows(rows, chosen), ({ from, features }) => {
    for (let i = 0; i * d_sae < features.length; i++)
      for (const { feature, into, at } of wanted.get(chosen[from + i]!)!)
        into[at] = features[i * d_sae + feature]!;
  });
  return found;
}

function around(
  row: number,
  { texts, starts, textOf }: TextLayout,
  tokenizer: Tokenizer | null,
  { before, behind }: Window,
): { context: Context; from: number } {
  const index = textOf[row]!;
  const { id, ids, shown } = texts[index]!;
  const position = row - starts[index]!;
  if (position >= shown) throw new RangeError(`contextsOf: token ${position} of ${id} is not to be shown`);
  const from = Math.max(0, position - before);
  const to = Math.min(shown, position + behind + 1);
  return {
    context: {
      text: id,
      position,
      of: ids.length,
      tokens: tokenTexts(tokenizer, ids, from, to),
      at: position - from,
      activations: new Float32Array(to - from),
    },
    from: starts[index]! + from,
  };
}
