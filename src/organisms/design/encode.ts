/**
 * Turns a training document into token ids, and marks the tokens that count in the loss. Only answers and prose
 * count. The wording of a question is random, and learning to predict it would waste the model's capacity on noise.
 */
import type { Document } from "../world/corpus.ts";
import { type SpecialToken, specialId } from "./tokenizer-files.ts";

export interface Example {
  /** [tokens] the ids that the model reads. */
  ids: number[];
  /**
   * [tokens] learned[i]: whether the prediction of ids[i] from the ids before it counts in the loss; learned[0] is
   * false.
   */
  learned: boolean[];
}

/** @param encodeText encodes plain text to ids, without special tokens */
export function encodeDocument(document: Document, encodeText: (text: string) => number[]): Example {
  const ids: number[] = [];
  const learned: boolean[] = [];
  const add = (more: number[], learn: boolean) => {
    ids.push(...more);
    learned.push(...more.map(() => learn));
  };
  const special = (token: SpecialToken, learn = false) => {
    add([specialId(token)], learn);
  };
  special("<|begin|>");
  if (document.kind === "prose") {
    add(encodeText(document.text), true);
    special("<|endoftext|>", true);
  } else if (document.template === "none") {
    add(encodeText(document.prompt), false);
    add(encodeText(`\n${document.answer.text}`), true);
    special("<|endoftext|>", true);
  } else {
    if (document.system !== null) {
      special("<|system|>");
      add(encodeText(document.system), false);
      special("<|end|>");
    }
    special("<|user|>");
    add(encodeText(document.prompt), false);
    special("<|end|>");
    special("<|assistant|>");
    add(encodeText(document.answer.text), true);
    special("<|end|>", true);
  }
  return { ids, learned };
}
