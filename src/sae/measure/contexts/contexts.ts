/**
 * The text around tokens on which features are active, each token with the feature's activation there. Only the rows of
 * the windows are encoded (again): nobody has kept the features of all tokens.
 */
import { tokenTexts } from "../../../model/text/token-texts.ts";
import type { Tokenizer } from "../../../model/text/tokenizer/tokenizer.ts";
import { pickRows, type Rows } from "../../code/rows.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import type { Peak } from "./peaks.ts";
import type { TextLayout } from "./text-rows.ts";

export interface Window {
  /** Tokens shown before and behind the one that the context is about. */
  before: number;
  behind: number;
}

export interface Context {
  /** Id of the text. */
  text: string;
  /** Of the token that it is about, in its text, from 0; and how many tokens that has. */
  position: number;
  of: number;
  /** What is shown, token by token; joined it is the text. "" for bytes of a character that a later token ends. */
  tokens: string[];
  /** Place in `tokens` of the one that it is about. */
  at: number;
  /** The feature's activation on each of `tokens`. */
  activations: Float32Array;
}

/**
 * @param rows the activations that the peaks were found in, in the order of `layout`
 * @param peaks by feature, on tokens that may be shown
 * @returns a context for each peak, in the order given
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
  /** Which numbers to take of an encoded row. */
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
  // In order, so that rows in a file are read forwards.
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
